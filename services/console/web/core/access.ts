/**
 * What the person at the browser may change, and why not. The server judges again; this decides what is offered. Pure.
 */

import type { ActionName, Role } from '../../src/routes/route.ts';

export type { ActionName, Role };

const ORDER: readonly Role[] = ['viewer', 'reader', 'replayer', 'admin'];

/** The least role for each change. */
const ROLE_OF = {
  redrive: 'replayer',
  'redrive-edited': 'replayer',
  dismiss: 'replayer',
  'start-replay': 'replayer',
  'pause-replay': 'replayer',
  'resume-replay': 'replayer',
  'cancel-replay': 'replayer',
  'cancel-job': 'replayer',
  'add-connector': 'admin',
  'edit-connector': 'admin',
  'enable-connector': 'admin',
  'rotate-key': 'admin',
  'retire-key': 'admin',
  'send-test-event': 'admin',
  'apply-topics': 'admin',
  'apply-schemas': 'admin',
} as const satisfies Record<ActionName, Role>;

export interface Access {
  /** Undefined: no rule gives one. */
  readonly role: Role | undefined;
  readonly readOnly: boolean;
  readonly disabledActions: readonly string[];
}

export type Offer = { readonly kind: 'offered' } | { readonly kind: 'withheld'; readonly reason: string };

export function isAtLeast(role: Role | undefined, least: Role): boolean {
  return role !== undefined && ORDER.indexOf(role) >= ORDER.indexOf(least);
}

export function offerOf(action: ActionName, { role, readOnly, disabledActions }: Access): Offer {
  if (readOnly) return { kind: 'withheld', reason: 'This console is read-only.' };
  if (disabledActions.includes(action)) return { kind: 'withheld', reason: 'It is switched off in this console.' };
  const least = ROLE_OF[action];
  if (isAtLeast(role, least)) return { kind: 'offered' };
  return { kind: 'withheld', reason: `It takes the role ${least}, and you have ${role ?? 'none'}.` };
}

export const ACTIONS = Object.keys(ROLE_OF) as readonly ActionName[];
