/** A change, offered to those who may make it; to the others it is said why not. */
import type { ActionName } from '../../core/access.ts';
import { offer } from '../../state/session.ts';
import { html, type Children } from '../html.ts';

export interface ActionButtonProps {
  readonly action: ActionName;
  readonly onClick: () => void;
  readonly isMain?: boolean;
  readonly isBusy?: boolean;
  readonly children: string;
}

export function ActionButton({ action, onClick, isMain, isBusy, children }: ActionButtonProps): Children {
  const offered = offer(action);
  if (offered.kind === 'withheld') {
    return html`<span class="withheld"
      ><span class="withheld-name">${children}</span> is not offered. ${offered.reason}</span
    >`;
  }
  return html`<button type="button" class=${isMain ? 'main' : undefined} disabled=${isBusy} onClick=${onClick}>
    ${children}
  </button>`;
}
