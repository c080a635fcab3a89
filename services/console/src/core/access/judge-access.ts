/** Whether somebody may use a route: signed in, with the role, and the change not switched off. Decided only here. */
import type { Caller, Role, Route } from '../../routes/route.ts';
import type { Refused } from '../http/problem.ts';
import { refusalOfAction, type ActionPolicy } from './action-policy.ts';
import { includesRole } from './roles.ts';

/** Somebody who is signed in, with a role or without one. */
export interface Person {
  readonly name: string;
  readonly role: Role | undefined;
}

export type Access =
  { readonly kind: 'granted'; readonly caller: Caller } | { readonly kind: 'refused'; readonly refused: Refused };

export function judgeAccess(
  route: Pick<Route, 'role' | 'action'>,
  person: Person | undefined,
  address: string,
  policy: ActionPolicy,
): Access {
  if (person === undefined) {
    const message = 'you are not signed in, or your session has expired; sign in and ask again';
    return { kind: 'refused', refused: { status: 401, code: 'console.not-signed-in', message } };
  }
  const { name, role } = person;
  if (role === undefined || !includesRole(role, route.role)) {
    const held = role === undefined ? 'no role' : `the role ${role}`;
    const message = `this needs the role ${route.role}, and ${name} has ${held}; GET /api/v1/session shows the claims that came, CONSOLE_ROLES maps them to roles`;
    return { kind: 'refused', refused: { status: 403, code: 'console.role-missing', message } };
  }
  const refusal = route.action === undefined ? undefined : refusalOfAction(route.action, policy);
  if (refusal !== undefined) return { kind: 'refused', refused: refusal };
  return { kind: 'granted', caller: { name, role, address } };
}
