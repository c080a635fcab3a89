/** How people sign in, as the server sees it: one implementation for each `CONSOLE_LOGIN`. */
import type { IncomingHttpHeaders } from 'node:http';
import type { ZodType } from 'zod';
import type { Claims, GrantedRole } from '../core/access/role-mapping.ts';
import type { Refused } from '../core/http/problem.ts';

export interface SignedIn {
  /** As audit records name them. */
  readonly name: string;
  /** What is known of them, for `CONSOLE_ROLES` and for the page that shows it. */
  readonly claims: Claims;
  /** Names of claims that came with the log-in and did not fit into the session. */
  readonly claimsLeft: readonly string[];
  /** Undefined: no rule of `CONSOLE_ROLES` gives them one. */
  readonly granted: GrantedRole | undefined;
  /** Unix time. Undefined: the session does not end. */
  readonly expiresAtMs: number | undefined;
}

export interface LoginRequest {
  readonly headers: IncomingHttpHeaders;
  /** IP address of the client, as the trusted proxies give it. */
  readonly address: string;
  /** Path and query, as sent. */
  readonly target: string;
  readonly body: unknown;
}

export type LoginAnswer =
  | { readonly kind: 'signed-in'; readonly person: SignedIn; readonly cookies: readonly string[] }
  | { readonly kind: 'signed-out'; readonly cookies: readonly string[] }
  | { readonly kind: 'redirect'; readonly location: string; readonly cookies: readonly string[] }
  /** For somebody whom a provider sent here: there is no page of ours yet that could show a problem. */
  | {
      readonly kind: 'failed';
      readonly refused: Refused;
      readonly cookies: readonly string[];
    }
  | { readonly kind: 'refused'; readonly refused: Refused };

export interface LoginRoute {
  readonly method: 'GET' | 'POST';
  /** `api`: below `/api/v1`, for pages; `page`: below the base path, for the browser's address bar. */
  readonly at: 'api' | 'page';
  readonly path: string;
  readonly body?: ZodType;
  readonly handle: (request: LoginRequest) => Promise<LoginAnswer>;
}

export interface Login {
  readonly mode: 'none' | 'basic' | 'oidc';
  /** Who sends a request with these headers. Undefined: nobody who is signed in. Called for every request. */
  readonly identify: (headers: IncomingHttpHeaders) => Promise<SignedIn | undefined>;
  readonly routes: readonly LoginRoute[];
}
