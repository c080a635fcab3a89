/** Whether a page is live, in words. */
import type { StreamState } from '../state/use-stream.ts';
import { Badge, type Tone } from './figures/badge.ts';
import { h, html, type Children } from './html.ts';
import { ProblemNote } from './notes.ts';

const WORDS: Readonly<Record<StreamState['phase'], readonly [Tone, string]>> = {
  connecting: ['busy', 'Connecting'],
  open: ['good', 'Live'],
  waiting: ['warn', 'Interrupted, trying again'],
  hidden: ['off', 'Hidden, so not read'],
  refused: ['bad', 'Refused'],
  closed: ['off', 'Closed'],
};

export function StreamNote({ stream }: { readonly stream: StreamState }): Children {
  const [tone, word] = WORDS[stream.phase];
  return html`<span role="status">${h(Badge, { tone, children: word })}</span>`;
}

export function StreamProblem({ stream }: { readonly stream: StreamState }): Children {
  return stream.phase === 'refused' && stream.problem !== undefined
    ? h(ProblemNote, { problem: stream.problem })
    : null;
}
