/** Who is at the browser, read once before anything is drawn, and again after signing in. */
import { computed, signal } from '@preact/signals';
import type { SessionAnswer } from '../api/answers.ts';
import { createChanges } from '../api/changes.ts';
import { createApiClient, type ApiClient } from '../api/client.ts';
import { isAtLeast, offerOf, type Access, type ActionName, type Offer, type Role } from '../core/access.ts';
import type { Problem } from '../core/resource-state.ts';
import { base } from './location.ts';

export type SessionState =
  | { readonly kind: 'asking' }
  | { readonly kind: 'signed-in'; readonly session: SessionAnswer }
  | { readonly kind: 'signed-out'; readonly session: SessionAnswer }
  | { readonly kind: 'failed'; readonly problem: Problem };

export const session = signal<SessionState>({ kind: 'asking' });

export const api: ApiClient = createApiClient({
  base,
  fetch: globalThis.fetch.bind(globalThis),
  onSignedOut: () => {
    // While signed out, each panel of the page would tell the same: the log-in takes its place.
    if (session.peek().kind === 'signed-in') void readSession();
  },
});

export async function readSession(): Promise<void> {
  const answer = await api.get<SessionAnswer>('/session', {});
  if (answer.kind === 'problem') session.value = { kind: 'failed', problem: answer.problem };
  else session.value = { kind: answer.body.signedIn ? 'signed-in' : 'signed-out', session: answer.body };
}

const access = computed<Access>(() => {
  const state = session.value;
  if (state.kind !== 'signed-in') return { role: undefined, readOnly: false, disabledActions: [] };
  const { role, readOnly, disabledActions } = state.session;
  return { role: role ?? undefined, readOnly, disabledActions };
});

export function offer(action: ActionName): Offer {
  return offerOf(action, access.value);
}

export function hasRole(least: Role): boolean {
  return isAtLeast(access.value.role, least);
}

export const changes = createChanges(api);
