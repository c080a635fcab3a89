/** Reads the state of the Astrolabe API back, and scripts the faults of its reference implementation. */

export interface AstrolabeUser {
  readonly userId: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly propertyTimes: Readonly<Record<string, string>>;
  readonly occurredAt: string;
}

export interface AstrolabeAccount {
  readonly accountId: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly propertyTimes: Readonly<Record<string, string>>;
  readonly occurredAt: string;
}

export interface AstrolabeMember {
  readonly userId: string;
  readonly occurredAt: string;
}

export interface AstrolabeEvent {
  readonly id: string;
  readonly event: string;
  readonly userId?: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** Everything in a workspace. */
export interface AstrolabeState {
  readonly users: readonly AstrolabeUser[];
  readonly accounts: readonly (AstrolabeAccount & { readonly members: readonly AstrolabeMember[] })[];
  readonly events: readonly AstrolabeEvent[];
}

/** A call as the reference API logs it. */
export interface AstrolabeCall {
  readonly sequence: number;
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
  readonly idempotencyKey: string | null;
  /** Commands of the call that changed the state. */
  readonly applied: number;
  readonly replayed: number;
  readonly fault: string | null;
  /** Null where there was no answer. */
  readonly status: number | null;
}

/** What the reference API does to calls that are scripted to fail. */
export type AstrolabeFault =
  | { readonly kind: 'cut' }
  | {
      readonly kind: 'status';
      readonly status: number;
      /** Of the calls that are answered so; undefined: all. */
      readonly match?: { readonly method: string; readonly pathPrefix: string };
    };

/** Totals since the start of the API's process. */
export interface AstrolabeCounters {
  readonly calls: number;
  /** Commands that changed the state: effects. */
  readonly applied: number;
  /** Commands that were executed and changed nothing. */
  readonly unchanged: number;
  /** Commands that were known already: answered from memory, or refused because their content differs. */
  readonly replayed: number;
  readonly keysReused: number;
  readonly faults: Readonly<Record<string, number>>;
}

export interface AstrolabeClient {
  user(userId: string): Promise<AstrolabeUser | undefined>;
  account(accountId: string): Promise<AstrolabeAccount | undefined>;
  members(accountId: string): Promise<readonly AstrolabeMember[]>;
  events(userId?: string): Promise<readonly AstrolabeEvent[]>;
  state(): Promise<AstrolabeState>;
  /** Calls with a greater sequence number than `after`. */
  calls(after: number): Promise<readonly AstrolabeCall[]>;
  counters(): Promise<AstrolabeCounters>;
  /** Every call under /v1 that matches meets this fault until `clearFaults`. */
  breakDown(fault: AstrolabeFault): Promise<void>;
  clearFaults(): Promise<void>;
  /** The API takes these keys from now on, and no others. */
  replaceApiKeys(apiKeys: readonly { readonly connector: string; readonly key: string }[]): Promise<void>;
}

const PAGE_SIZE = 1_000;
const TIMEOUT_MS = 10_000;

interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

/** `url` is the API's base URL. */
export function createAstrolabeClient(url: string, apiKey: string): AstrolabeClient {
  const { request, read, find, list } = createRequests(url, apiKey);
  const members = (accountId: string): Promise<AstrolabeMember[]> =>
    list(`/v1/accounts/${encodeURIComponent(accountId)}/users`);
  const events = (userId?: string): Promise<AstrolabeEvent[]> =>
    list('/v1/events', userId === undefined ? {} : { userId });

  return {
    user: (userId) => find(`/v1/users/${encodeURIComponent(userId)}`),
    account: (accountId) => find(`/v1/accounts/${encodeURIComponent(accountId)}`),
    members,
    events,
    state: async () => {
      const [users, accounts, allEvents] = await Promise.all([
        list<AstrolabeUser>('/v1/users'),
        list<AstrolabeAccount>('/v1/accounts'),
        events(),
      ]);
      const withMembers = accounts.map(async (account) => ({ ...account, members: await members(account.accountId) }));
      return { users, accounts: await Promise.all(withMembers), events: allEvents };
    },
    calls: async (after) => {
      const calls: AstrolabeCall[] = [];
      for (let next: number | null = after; next !== null;) {
        const page: { readonly calls: readonly AstrolabeCall[]; readonly next: number | null } = await read(
          `/__reference/calls?after=${next}`,
        );
        calls.push(...page.calls);
        next = page.next;
      }
      return calls;
    },
    counters: () => read('/__reference/counters'),
    breakDown: async (fault) => {
      await request('/__reference/faults', { method: 'POST', body: JSON.stringify({ faults: [fault] }) });
    },
    replaceApiKeys: async (apiKeys) => {
      await request('/__reference/api-keys', { method: 'PUT', body: JSON.stringify({ apiKeys }) });
    },
    clearFaults: async () => {
      const response = await fetch(`${url}/__reference/faults`, { method: 'DELETE' });
      if (!response.ok) throw new Error(`the faults cannot be removed: status ${response.status}`);
    },
  };
}

function createRequests(url: string, apiKey: string) {
  const request = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
    const response = await fetch(url + path, { ...init, headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.ok || response.status === 404) return response;
    throw new Error(`${init.method ?? 'GET'} ${path}: status ${response.status}: ${await response.text()}`);
  };
  const read = async <T>(path: string): Promise<T> => {
    const response = await request(path);
    if (response.status === 404) throw new Error(`GET ${path}: ${await response.text()}`);
    return (await response.json()) as T;
  };
  const find = async <T>(path: string): Promise<T | undefined> => {
    const response = await request(path);
    if (response.status !== 404) return (await response.json()) as T;
    await response.body?.cancel();
    return undefined;
  };
  const list = async <Item>(path: string, query: Readonly<Record<string, string>> = {}): Promise<Item[]> => {
    const items: Item[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const parameters = new URLSearchParams({
        ...query,
        limit: String(PAGE_SIZE),
        ...(cursor === '' ? {} : { cursor }),
      });
      const page: Page<Item> = await read(`${path}?${parameters.toString()}`);
      items.push(...page.items);
      cursor = page.nextCursor;
    }
    return items;
  };
  return { request, read, find, list };
}
