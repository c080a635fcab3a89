/** `GET /session`: who is asking and what they may do. The only path of the API that needs no role. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { pipelineVersion } from '@astrolabe/service-kit';
import type { Login } from '../auth/login.ts';
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
    claims: z.record(z.string(), z.unknown()).describe('what the login said of them'),
    expiresAt: z.iso.datetime().nullable().describe('when the session ends; null: it does not'),
    readOnly: z.boolean(),
    disabledActions: z.array(z.enum(actionNames)),
    basePath: z.string().describe('without a slash at its end; empty at the root'),
    version: z.string(),
  })
  .meta({ id: 'Session' });

export type Session = z.infer<typeof sessionSchema>;

export interface SessionRouteOptions {
  readonly prefix: string;
  readonly login: Login;
  readonly config: {
    readonly basePath: string;
    readonly readOnly: boolean;
    readonly disabledActions: ActionPolicy['disabledActions'] | undefined;
  };
}

export function addSessionRoute(app: FastifyInstance, { prefix, login, config }: SessionRouteOptions): void {
  app.get(`${prefix}/session`, async (request, reply) => {
    const person = await login.identify(request.headers);
    const body: Session = {
      signedIn: person !== undefined,
      login: { mode: login.mode },
      name: person?.name ?? null,
      role: person?.granted?.role ?? null,
      grantedBy: person?.granted?.rule.text ?? null,
      claims: { ...person?.claims },
      expiresAt: person?.expiresAtMs === undefined ? null : new Date(person.expiresAtMs).toISOString(),
      readOnly: config.readOnly,
      disabledActions: [...(config.disabledActions ?? [])],
      basePath: config.basePath,
      version: pipelineVersion,
    };
    return sendAnswer(reply, { kind: 'json', body });
  });
}
