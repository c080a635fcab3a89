/** `GET /session`: who is asking and what they may do. The only path of the API that needs no role. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { pipelineVersion } from '@astrolabe/service-kit';
import type { Login, SignedIn } from '../auth/login.ts';
import type { ActionPolicy } from '../core/access/action-policy.ts';
import { roles, actionNames } from '../routes/route.ts';
import { sendAnswer } from './send-answer.ts';

export const sessionSchema = z
  .strictObject({
    signedIn: z.boolean(),
    login: z.strictObject({ mode: z.enum(['none', 'basic', 'oidc']) }),
    name: z.string().nullable().describe('as audit records name them; null: nobody is signed in'),
    role: z.enum(roles).nullable().describe('null: no rule of CONSOLE_ROLES gives them one'),
    grantedBy: z.string().nullable().describe('the rule of CONSOLE_ROLES that gave the role'),
    claims: z.record(z.string(), z.unknown()).describe('what the log-in said of them'),
    claimsLeft: z.array(z.string()).describe('names of claims that came and did not fit into the session'),
    expiresAt: z.iso.datetime().nullable().describe('when the session ends; null: it does not'),
    readOnly: z.boolean(),
    disabledActions: z.array(z.enum(actionNames)),
    basePath: z.string().describe('without a slash at its end; empty at the root'),
    version: z.string(),
  })
  .meta({ id: 'Session' });

export type Session = z.infer<typeof sessionSchema>;

export interface SessionOptions {
  readonly login: Pick<Login, 'mode'>;
  readonly config: {
    readonly basePath: string;
    readonly readOnly: boolean;
    readonly disabledActions: ActionPolicy['disabledActions'] | undefined;
  };
}

export interface SessionRouteOptions extends SessionOptions {
  readonly prefix: string;
  readonly login: Login;
}

export function addSessionRoute(app: FastifyInstance, options: SessionRouteOptions): void {
  app.get(`${options.prefix}/session`, async ({ headers }, reply) =>
    sendAnswer(reply, { kind: 'json', body: toSession(await options.login.identify(headers), options) }),
  );
}

/** Undefined: nobody is signed in. */
export function toSession(person: SignedIn | undefined, { login, config }: SessionOptions): Session {
  return {
    signedIn: person !== undefined,
    login: { mode: login.mode },
    name: person?.name ?? null,
    role: person?.granted?.role ?? null,
    grantedBy: person?.granted?.rule.text ?? null,
    claims: { ...person?.claims },
    claimsLeft: [...(person?.claimsLeft ?? [])],
    expiresAt: person?.expiresAtMs === undefined ? null : new Date(person.expiresAtMs).toISOString(),
    readOnly: config.readOnly,
    disabledActions: [...(config.disabledActions ?? [])],
    basePath: config.basePath,
    version: pipelineVersion,
  };
}
