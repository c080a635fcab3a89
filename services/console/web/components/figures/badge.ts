/** A state in a word. Its colour says nothing that its sign and word do not. */
import { html, type Children } from '../html.ts';

export type Tone = 'good' | 'warn' | 'bad' | 'busy' | 'off';

const SIGNS: Readonly<Record<Tone, string>> = { good: '●', warn: '▲', bad: '■', busy: '◐', off: '○' };

export function Badge({ tone, children }: { readonly tone: Tone; readonly children: Children }): Children {
  return html`<span class=${`badge ${tone}`}><span aria-hidden="true">${SIGNS[tone]}</span> ${children}</span>`;
}

/** A share of a whole as a bar. `share`: from 0 to 1. */
export function Bar({
  share,
  tone = 'busy',
  label,
}: {
  readonly share: number;
  readonly tone?: Tone;
  readonly label: string;
}): Children {
  const width = Math.max(0, Math.min(100, share * 100));
  return html`<svg class=${`bar ${tone}`} viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label=${label}>
    <rect class="bar-all" width="100" height="6" />
    <rect class="bar-part" width=${width} height="6" />
  </svg>`;
}
