/** Log-in at an OpenID provider: the authorization code flow with PKCE. */
import { z } from 'zod';
import type { Logger } from '@astrolabe/service-kit';
import type { Clock } from '@astrolabe/service-kit/clock';
import { errorMessage } from '@astrolabe/service-kit/errors';
import { claimAt, roleOf, type Claims, type RoleRule } from '../core/access/role-mapping.ts';
import { returnPath } from '../core/login/return-path.ts';
import { fitClaims } from '../core/login/session-claims.ts';
import type { LoginResult } from '../console-metrics.ts';
import type { SessionCookie } from './session-cookies.ts';
import type { Login, LoginAnswer, LoginRequest, SignedIn } from './login.ts';
import { logoutRoute } from './logout.ts';
import type { OidcProvider } from './oidc-provider.ts';
import type { SealedCookie } from './session-cookies.ts';

export interface OidcLoginOptions {
  readonly provider: Pick<OidcProvider, 'begin' | 'finish'>;
  readonly rules: readonly RoleRule[];
  /** Of the claim that audit records name people by. Where it is absent, `sub` does, which never is. */
  readonly nameClaim: string;
  readonly session: SessionCookie;
  readonly pending: SealedCookie<PendingLogin>;
  readonly basePath: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onAttempt: (result: LoginResult) => void;
}

/** In a cookie of its own until the provider sends the browser back. */
export const pendingLoginSchema = z.strictObject({
  state: z.string(),
  nonce: z.string(),
  codeVerifier: z.string(),
  returnTo: z.string(),
});
export type PendingLogin = z.infer<typeof pendingLoginSchema>;

export const PENDING_LOGIN_SECONDS = 600;
/** Browsers keep 4,096 bytes of a cookie with its attributes; encrypted and in base64 it grows by a third and more. */
const MAX_CLAIM_BYTES = 2_100;
const MAX_NAME_CHARACTERS = 100;

export function createOidcLogin(options: OidcLoginOptions): Login {
  const { rules, session, clock } = options;
  return {
    mode: 'oidc',
    identify: async ({ cookie }) => {
      const opened = await session.open(cookie, clock.nowMs());
      if (opened === undefined) return undefined;
      const { name, claims, left } = opened.content;
      return toPerson({ name, claims, left }, rules, opened.expiresAtMs);
    },
    routes: [
      { method: 'GET', at: 'page', path: '/login/start', handle: (request) => start(request, options) },
      { method: 'GET', at: 'page', path: '/login/callback', handle: (request) => finish(request, options) },
      logoutRoute(session),
    ],
  };
}

function toPerson(
  { name, claims, left }: { readonly name: string; readonly claims: Claims; readonly left: readonly string[] },
  rules: readonly RoleRule[],
  expiresAtMs: number,
): SignedIn {
  return { name, claims, claimsLeft: left, granted: roleOf(claims, rules), expiresAtMs };
}

async function start({ target }: LoginRequest, options: OidcLoginOptions): Promise<LoginAnswer> {
  const { provider, pending, clock, logger } = options;
  const asked = new URL(target, 'http://console.invalid').searchParams.get('returnTo') ?? undefined;
  try {
    const { location, remembered } = await provider.begin();
    const { cookie } = await pending.seal({ ...remembered, returnTo: returnPath(asked) }, clock.nowMs());
    return { kind: 'redirect', location, cookies: [cookie] };
  } catch (error) {
    logger.error(
      { err: error },
      'the OpenID provider cannot be asked, so nobody can log in; the next attempt asks again',
    );
    options.onAttempt('failed');
    const message = `the OpenID provider of CONSOLE_OIDC_ISSUER cannot be asked: ${errorMessage(error)}; check that it is up, then sign in again`;
    return { kind: 'failed', refused: { status: 503, code: 'console.provider-unavailable', message }, cookies: [] };
  }
}

async function finish({ headers, target }: LoginRequest, options: OidcLoginOptions): Promise<LoginAnswer> {
  const { provider, rules, session, pending, clock, logger } = options;
  const cookies = [pending.remove()];
  const opened = await pending.open(headers.cookie, clock.nowMs());
  if (opened === undefined) {
    options.onAttempt('refused');
    const message =
      'this log-in was not begun in this browser, or more than ten minutes ago, so nobody was signed in; sign in again';
    return { kind: 'failed', refused: { status: 400, code: 'console.login-failed', message }, cookies };
  }
  const { returnTo, ...remembered } = opened.content;
  let claims: Claims;
  try {
    const query = target.includes('?') ? target.slice(target.indexOf('?')) : '';
    claims = await provider.finish(query, remembered);
  } catch (error) {
    logger.warn({ err: error }, 'a log-in at the OpenID provider failed');
    options.onAttempt('failed');
    const message = `the OpenID provider did not sign you in: ${reasonOf(error)}; sign in again, or show this to those who run the console`;
    return { kind: 'failed', refused: { status: 403, code: 'console.login-failed', message }, cookies };
  }
  const fitted = fitClaims(claims, rules, MAX_CLAIM_BYTES);
  const name = nameOf(claims, options.nameClaim);
  const { cookie } = await session.seal({ name, claims: fitted.claims, left: [...fitted.left] }, clock.nowMs());
  options.onAttempt('accepted');
  // The provider's page led here, so the browser sends no SameSite=Strict cookie with what follows this redirect. That
  // is the page itself, which needs none; its requests are its own, and have the cookie.
  return { kind: 'redirect', location: `${options.basePath}${returnTo}`, cookies: [...cookies, cookie] };
}

function nameOf(claims: Claims, nameClaim: string): string {
  const name = claimAt(claims, nameClaim);
  return String(typeof name === 'string' && name !== '' ? name : claims['sub']).slice(0, MAX_NAME_CHARACTERS);
}

/** The provider's own words where it gave some. */
function reasonOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'error' in error && typeof error.error === 'string') {
    const more =
      'error_description' in error && typeof error.error_description === 'string' ? error.error_description : '';
    return more === '' ? error.error : `${error.error} (${more})`;
  }
  return errorMessage(error);
}
