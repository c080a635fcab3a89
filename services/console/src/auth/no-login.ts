import { roleOf, type RoleRule } from '../core/access/role-mapping.ts';
import type { Login, SignedIn } from './login.ts';

/** Everybody who reaches the console is signed in, under one name. The configuration allows it on loopback only. */
export function createNoLogin(rules: readonly RoleRule[]): Login {
  const name = 'local';
  const claims = { name };
  const signedIn: SignedIn = {
    name,
    claims,
    claimsLeft: [],
    granted: roleOf(claims, rules),
    expiresAtMs: undefined,
  };
  return { mode: 'none', identify: async () => signedIn, routes: [] };
}
