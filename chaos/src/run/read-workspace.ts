/** Reads what the API holds for one connector, page by page. */
import { parseJson, type JsonObject } from '@astrolabe/schemas';
import type { Entity, RecordedEvent, Workspace } from '../oracle/observed.ts';

interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

type Row = Entity & { readonly userId?: string; readonly accountId?: string };

interface EventRow {
  readonly id: string;
  readonly event: string;
  readonly userId?: string;
  readonly anonymousId?: string;
  readonly occurredAt: string;
  readonly properties: JsonObject;
  readonly userProperties?: JsonObject;
}

export async function readWorkspace(apiUrl: string, apiKey: string): Promise<Workspace> {
  const all = <Item>(path: string): Promise<readonly Item[]> => readPages<Item>(`${apiUrl}${path}`, apiKey);
  const users = await all<Row>('/v1/users');
  const accounts = await all<Row>('/v1/accounts');
  const events = await all<EventRow>('/v1/events');
  const members = new Map<string, readonly string[]>();
  for (const { accountId = '' } of accounts) {
    const found = await all<Row>(`/v1/accounts/${encodeURIComponent(accountId)}/users`);
    if (found.length > 0) members.set(accountId, found.map(({ userId = '' }) => userId).sort());
  }
  return {
    users: new Map(users.map(({ userId = '', properties, occurredAt }) => [userId, { properties, occurredAt }])),
    accounts: new Map(
      accounts.map(({ accountId = '', properties, occurredAt }) => [accountId, { properties, occurredAt }]),
    ),
    members,
    events: new Map(events.map((row) => [row.id, toRecorded(row)])),
  };
}

function toRecorded({ event, userId, anonymousId, occurredAt, properties, userProperties }: EventRow): RecordedEvent {
  return {
    event,
    userId: userId ?? null,
    anonymousId: anonymousId ?? null,
    occurredAt,
    properties,
    userProperties: userProperties ?? null,
  };
}

async function readPages<Item>(url: string, apiKey: string): Promise<readonly Item[]> {
  const items: Item[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const query = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const response = await fetch(`${url}?limit=1000${query}`, { headers: { authorization: `Bearer ${apiKey}` } });
    const body = await response.text();
    if (response.status !== 200) throw new Error(`${url} answered ${response.status}: ${body}`);
    const page = parseJson(body) as unknown as Page<Item>;
    items.push(...page.items);
    cursor = page.nextCursor;
  }
  return items;
}
