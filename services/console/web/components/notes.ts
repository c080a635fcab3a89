/** What stands where there is nothing to show: a failure, an empty list, a page that is still loading. */
import type { Problem } from '../core/resource-state.ts';
import { html, type Children } from './html.ts';

export interface ProblemNoteProps {
  readonly problem: Problem;
  readonly onRetry?: () => void;
}

export function ProblemNote({ problem, onRetry }: ProblemNoteProps): Children {
  const { detail, code, requestId } = problem;
  return html`<div class="note bad" role="alert">
    <p>${sentence(detail)}</p>
    ${
      code !== undefined || requestId !== undefined
        ? html`<p class="faint">
            ${code !== undefined ? html`<code>${code}</code> ` : null}
            ${requestId !== undefined ? html`The console's log has more under <code>${requestId}</code>.` : null}
          </p>`
        : null
    }
    ${onRetry !== undefined ? html`<p><button type="button" onClick=${onRetry}>Try again</button></p>` : null}
  </div>`;
}

/** With a capital at its beginning and a full stop at its end: log lines have neither. */
export function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?:]$/.test(begun) ? begun : `${begun}.`;
}

export interface EmptyNoteProps {
  /** What there is not: `No dead letter waits.` */
  readonly title: string;
  /** What to do next. */
  readonly children?: Children;
}

export function EmptyNote({ title, children }: EmptyNoteProps): Children {
  return html`<div class="note empty">
    <p class="note-title">${title}</p>
    ${children ? html`<p>${children}</p>` : null}
  </div>`;
}

export function LoadingNote({ message }: { readonly message: string | undefined }): Children {
  return html`<div class="loading" aria-busy="true"><p class="faint">${sentence(message ?? 'Loading…')}</p></div>`;
}
