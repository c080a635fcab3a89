/** Which changes this console makes at all. */
import type { ActionName, Refusal } from '../../routes/route.ts';

export interface ActionPolicy {
  readonly readOnly: boolean;
  readonly disabledActions: ReadonlySet<ActionName>;
}

/** Undefined: the change may be made. */
export function refusalOfAction(action: ActionName, { readOnly, disabledActions }: ActionPolicy): Refusal | undefined {
  if (readOnly) {
    const message =
      'this console is read-only (CONSOLE_READ_ONLY), so nothing was changed; use the command line, or a console that may change things';
    return { kind: 'refused', status: 403, code: 'console.read-only', message };
  }
  if (!disabledActions.has(action)) return undefined;
  const message = `"${action}" is switched off in this console (CONSOLE_DISABLED_ACTIONS), so nothing was changed; use the command line, or ask an administrator to switch it on`;
  return { kind: 'refused', status: 403, code: 'console.action-off', message };
}
