/** What `GET /session` answers. */
import { consoleActionNames } from '@astrolabe/operations/audited-actions';
import { z } from 'zod';
import { roles } from '../routes/route.ts';

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
    disabledActions: z.array(z.enum(consoleActionNames)),
    basePath: z.string().describe('without a slash at its end; empty at the root'),
    version: z.string(),
  })
  .meta({ id: 'Session' });

export type Session = z.infer<typeof sessionSchema>;
