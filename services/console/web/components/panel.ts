/** A part of a page that loads and fails by itself. */
import type { Shown } from '../core/resource-state.ts';
import { h, html, type Children } from './html.ts';
import { Ago } from './figures/moments.ts';
import { LoadingNote, ProblemNote, sentence } from './notes.ts';

export interface PanelProps<Value> {
  readonly title: string;
  readonly shown: Shown<Value>;
  readonly onRetry?: (() => void) | undefined;
  /** Beside the title. */
  readonly actions?: Children;
  readonly children: (value: Value) => Children;
}

export function Panel<Value>({ title, shown, onRetry, actions, children }: PanelProps<Value>): Children {
  const id = `panel-${title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`;
  return html`<section class="panel" aria-labelledby=${id}>
    <div class="panel-head">
      <h2 id=${id}>${title}</h2>
      ${actions}
    </div>
    ${bodyOf(shown, onRetry, children)}
  </section>`;
}

/** The same without a frame, for a page that is one panel. */
export function Loaded<Value>({ shown, onRetry, children }: Omit<PanelProps<Value>, 'title' | 'actions'>): Children {
  return html`<div>${bodyOf(shown, onRetry, children)}</div>`;
}

function bodyOf<Value>(
  shown: Shown<Value>,
  onRetry: (() => void) | undefined,
  children: (value: Value) => Children,
): Children {
  switch (shown.kind) {
    case 'loading':
      return h(LoadingNote, { message: shown.message });
    case 'failed':
      return h(ProblemNote, { problem: shown.problem, ...(onRetry !== undefined && { onRetry }) });
    case 'ready':
      return [
        shown.stale === undefined
          ? null
          : html`<p class="note warn">As of ${h(Ago, { at: shown.at })}, and not newer: ${sentence(shown.stale)}</p>`,
        children(shown.value),
      ];
  }
}
