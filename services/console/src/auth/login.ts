/** How people sign in, as the server sees it: one implementation for each `CONSOLE_LOGIN`. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Claims, GrantedRole } from '../core/access/role-mapping.ts';

export interface SignedIn {
  /** As audit records name them. */
  readonly name: string;
  /** What is known of them, for `CONSOLE_ROLES` and for the page that shows it. */
  readonly claims: Claims;
  /** Undefined: no rule of `CONSOLE_ROLES` gives them one. */
  readonly granted: GrantedRole | undefined;
  /** Unix time. Undefined: the session does not end. */
  readonly expiresAtMs: number | undefined;
}

export interface Login {
  readonly mode: 'none';
  /** Who sends a request with these headers. Undefined: nobody who is signed in. Called for every request. */
  readonly identify: (headers: IncomingHttpHeaders) => Promise<SignedIn | undefined>;
}
