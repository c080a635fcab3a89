/** How far the dead letters have been read: until all of them are, counts are too small. */
import type { IndexState } from '../../api/answers.ts';
import { Bar } from '../../components/figures/badge.ts';
import { h, html, type Children } from '../../components/html.ts';
import { sentence } from '../../components/notes.ts';
import { formatShare, groupDigits } from '../../core/digits.ts';

export function IndexNote({ index }: { readonly index: IndexState }): Children {
  const { state, read, total, message } = index;
  if (state === 'following') return null;
  if (state === 'unavailable') {
    return html`<p class="note warn">
      The dead letters cannot be read now, so this may be old: ${sentence(message ?? 'the reason is not known')}
    </p>`;
  }
  const share = total === 0 ? 1 : read / total;
  return html`<div class="note warn">
    <p>Still reading: ${groupDigits(read)} of ${groupDigits(total)}. Counts grow until all of them are read.</p>
    ${h(Bar, { share, label: `${formatShare(share)} read` })}
  </div>`;
}
