/** Log-in by name and password, from a file of users. */
import { z } from 'zod';
import { MAX_PASSWORD_BYTES, isPassword, parsePasswordHash } from '@astrolabe/operations';
import { clientOf } from '@astrolabe/service-kit';
import { present } from '@astrolabe/service-kit/errors';
import type { Clock } from '@astrolabe/service-kit/clock';
import type { LoginResult } from '../console-metrics.ts';
import { roleOf, type RoleRule } from '../core/access/role-mapping.ts';
import { AttemptLimits, attemptRules } from '../core/login/attempt-limits.ts';
import type { KnownUser } from '../core/login/users-text.ts';
import { BoundedTurns } from './bounded-turns.ts';
import type { Login, LoginAnswer, LoginRequest, SignedIn } from './login.ts';
import { logoutRoute } from './logout.ts';
import type { SessionCookie } from './session-cookies.ts';
import type { UsersFile } from './users-file.ts';

export interface BasicLoginOptions {
  readonly users: Pick<UsersFile, 'current'>;
  readonly rules: readonly RoleRule[];
  readonly session: SessionCookie;
  readonly clock: Clock;
  readonly onAttempt: (result: LoginResult) => void;
}

export const loginBodySchema = z.strictObject({
  name: z.string().max(200),
  password: z.string().max(MAX_PASSWORD_BYTES),
});

/** scrypt takes a thread of the pool for a quarter of a second; the others are for files. */
const CHECKS_AT_ONCE = 2;
/** Beyond it, the wait would be longer than browsers and people wait. */
const CHECKS_WAITING = 20;
/** Hashed for a name that does not exist, so that the time of the answer does not tell which names do. */
const NOBODY = '$scrypt$ln=15,r=8,p=3$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

export function createBasicLogin(options: BasicLoginOptions): Login {
  const { users, rules, session, clock } = options;
  const limits = new AttemptLimits(attemptRules);
  const checks = new BoundedTurns({ atOnce: CHECKS_AT_ONCE, waiting: CHECKS_WAITING });

  const toPerson = ({ name }: KnownUser, expiresAtMs: number): SignedIn => {
    const claims = { name };
    return { name, claims, claimsLeft: [], granted: roleOf(claims, rules), expiresAtMs };
  };

  const login = async ({ body, address }: LoginRequest): Promise<LoginAnswer> => {
    const { name, password } = body as z.infer<typeof loginBodySchema>;
    const network = clientOf(address);
    const judged = limits.take(network, name, clock.monotonicMs());
    if (judged.kind === 'limited') return limited(options, judged.retryAfterSeconds);
    const user = (await users.current()).get(name);
    const known = present(parsePasswordHash(user?.passwordText ?? NOBODY), 'a hash that was read before');
    const checked = checks.run(() => isPassword(password, known));
    if (checked === undefined) {
      limits.giveBack(network, name);
      return limited(options, 1);
    }
    if (!(await checked) || user === undefined) return wrong(options);
    limits.giveBack(network, name);
    options.onAttempt('accepted');
    const content = { name, claims: { name }, left: [], mark: user.mark };
    const { cookie, expiresAtMs } = await session.seal(content, clock.nowMs());
    return { kind: 'signed-in', person: toPerson(user, expiresAtMs), cookies: [cookie] };
  };

  return {
    mode: 'basic',
    identify: async ({ cookie }) => {
      const opened = await session.open(cookie, clock.nowMs());
      if (opened === undefined) return undefined;
      const user = (await users.current()).get(opened.content.name);
      return user === undefined || user.mark !== opened.content.mark ? undefined : toPerson(user, opened.expiresAtMs);
    },
    routes: [{ method: 'POST', at: 'api', path: '/login', body: loginBodySchema, handle: login }, logoutRoute(session)],
  };
}

function limited({ onAttempt }: BasicLoginOptions, retryAfterSeconds: number): LoginAnswer {
  onAttempt('limited');
  const message = `too many attempts to log in, so this one was not looked at; wait ${retryAfterSeconds} s and try again`;
  return { kind: 'refused', refused: { status: 429, code: 'console.login-limited', message, retryAfterSeconds } };
}

function wrong({ onAttempt }: BasicLoginOptions): LoginAnswer {
  onAttempt('refused');
  const message = 'the name or the password is wrong; check both and try again';
  return { kind: 'refused', refused: { status: 401, code: 'console.login-refused', message } };
}
