/** `GET /session`: who is asking and what they may do. The only path of the API that needs no role. */
import type { FastifyInstance } from 'fastify';
import { pipelineVersion } from '@astrolabe/service-kit';
import type { Login, SignedIn } from '../auth/login.ts';
import type { ActionPolicy } from '../core/access/action-policy.ts';
import { sendAnswer } from './send-answer.ts';
import type { Session } from './session-shape.ts';

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
