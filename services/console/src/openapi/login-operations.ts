/** What of a log-in pages ask for by the API. Whether a console has it depends on `CONSOLE_LOGIN`. */
import { z } from 'zod';
import { loginBodySchema } from '../auth/basic-login.ts';
import { sessionSchema } from '../server/session-shape.ts';
import type { DocumentedRoute } from './document.ts';

export const loginOperations: readonly DocumentedRoute[] = [
  {
    method: 'GET',
    path: '/session',
    summary: 'Who asks, what they may do, and what this console is',
    answer: sessionSchema,
  },
  {
    method: 'POST',
    path: '/login',
    summary: 'Sign in with name and password, where CONSOLE_LOGIN is basic',
    body: loginBodySchema,
    answer: sessionSchema,
  },
  {
    method: 'POST',
    path: '/logout',
    summary: 'Sign out: takes the session from the browser',
    body: z.strictObject({}),
    answer: sessionSchema,
  },
];
