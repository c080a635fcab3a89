import { z } from 'zod';
import type { LoginRoute } from './login.ts';
import type { SealedCookie } from './session-cookies.ts';

/** Takes the session from the browser. Nothing is kept of a session here, so there is nothing else to end. */
export function logoutRoute(session: Pick<SealedCookie<object>, 'remove'>): LoginRoute {
  return {
    method: 'POST',
    at: 'api',
    path: '/logout',
    body: z.strictObject({}).optional(),
    handle: async () => ({ kind: 'signed-out', cookies: [session.remove()] }),
  };
}
