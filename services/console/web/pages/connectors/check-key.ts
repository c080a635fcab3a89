/** Asks Astrolabe whether it accepts the key of a connector. */
import { useSignal } from '@preact/signals';
import type { CheckedAnswer } from '../../api/answers.ts';
import { Badge } from '../../components/figures/badge.ts';
import { h, html, type Children } from '../../components/html.ts';
import { ProblemNote, sentence } from '../../components/notes.ts';
import { Visible } from '../../components/text/visible.ts';
import type { Answer } from '../../core/resource-state.ts';
import { changes, hasRole } from '../../state/session.ts';

export function CheckKey({ id }: { readonly id: string }): Children {
  const answer = useSignal<Answer<CheckedAnswer> | 'asking' | undefined>(undefined);
  if (!hasRole('admin')) return null;
  const state = answer.value;
  const ask = async (): Promise<void> => {
    answer.value = 'asking';
    answer.value = await changes.checkKey(id);
  };
  return html`<div class="toolbar" role="status">
    <button type="button" disabled=${state === 'asking'} onClick=${() => void ask()}>Check its key</button>
    ${state === undefined || state === 'asking' ? null : result(state)}
  </div>`;
}

function result(answer: Answer<CheckedAnswer>): Children {
  if (answer.kind === 'problem') return h(ProblemNote, { problem: answer.problem });
  const { key } = answer.body;
  switch (key.kind) {
    case 'accepted':
      return h(Badge, { tone: 'good', children: 'Astrolabe accepts it' });
    case 'refused':
      return h(Badge, { tone: 'bad', children: `Astrolabe refuses it (${key.status})` });
    case 'unclear':
      return html`${h(Badge, { tone: 'warn', children: 'not clear' })} ${h(Visible, { text: sentence(key.reason) })}`;
  }
}
