/** Reads back what the Astrolabe API holds, page by page, in the shape that the oracle computes. */
import type { JsonObject } from '@astrolabe/schemas';
import { eventLine, type AstrolabeState } from './expected-state.ts';

interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

interface ApiEvent {
  readonly event: string;
  readonly userId?: string;
  readonly anonymousId?: string;
  readonly occurredAt: string;
  readonly properties: JsonObject;
}

export async function readState(apiUrl: string, apiKey: string): Promise<AstrolabeState> {
  const all = <Item>(path: string): Promise<Item[]> => readPages<Item>(`${apiUrl}${path}`, apiKey);
  const [users, accounts, events] = await Promise.all([
    all<{ userId: string; properties: JsonObject }>('/v1/users'),
    all<{ accountId: string; properties: JsonObject }>('/v1/accounts'),
    all<ApiEvent>('/v1/events'),
  ]);
  const members: Record<string, string[]> = {};
  for (const { accountId } of accounts) {
    const found = await all<{ userId: string }>(`/v1/accounts/${encodeURIComponent(accountId)}/users`);
    if (found.length > 0) members[accountId] = found.map(({ userId }) => userId).sort();
  }
  return {
    users: Object.fromEntries(users.map(({ userId, properties }) => [userId, properties])),
    accounts: Object.fromEntries(accounts.map(({ accountId, properties }) => [accountId, properties])),
    members,
    events: events
      .map(({ event, userId, anonymousId, occurredAt, properties }) =>
        eventLine(event, userId, anonymousId, occurredAt, properties),
      )
      .sort(),
  };
}

async function readPages<Item>(url: string, apiKey: string): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<Item> = await readPage(
      cursor === null ? url : `${url}?cursor=${encodeURIComponent(cursor)}`,
      apiKey,
    );
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return items;
}

async function readPage<Item>(url: string, apiKey: string): Promise<Page<Item>> {
  const response = await fetch(url, { headers: { authorization: `Bearer ${apiKey}` } });
  if (response.status !== 200) throw new Error(`${url} answered ${String(response.status)}: ${await response.text()}`);
  return (await response.json()) as Page<Item>;
}
