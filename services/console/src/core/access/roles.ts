import { roles, type Role } from '../../routes/route.ts';

/** Whether somebody with a role may do what needs another. Undefined: no role, which may do nothing. */
export function includesRole(held: Role | undefined, needed: Role): boolean {
  return held !== undefined && roles.indexOf(held) >= roles.indexOf(needed);
}
