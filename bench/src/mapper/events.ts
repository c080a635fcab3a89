/**
 * Records of `segment.events.v1` as ingest writes them for `@segment/analytics-node`: a mix of calls by several
 * connectors' users. Which record an index stands for never changes, and no two have the same message id.
 */
import { headerNames, toHeaders, type OutgoingRecord } from '@astrolabe/records';
import { partitionKey } from '@astrolabe/segment';

export interface SourceEvent {
  readonly record: OutgoingRecord;
  /** How many commands it stands for. */
  readonly commands: number;
}

/**
 * The connectors file that belongs to the events. One connector blocks free email providers; all of its users are at
 * companies.
 */
export const connectors = ['acme', 'globex', 'initech', 'umbrella'].map((id, index) => ({
  id,
  name: id,
  apiKey: `bench-${id}`,
  freeEmailProviders: index === 0 ? 'block' : 'allow',
}));

const USERS = 20_000;
/** Users of an account. */
const ACCOUNT_SIZE = 40;
const EPOCH_MS = Date.parse('2026-03-01T12:00:00.000Z');
const ID_PREFIX = 'node-next-1772366400000-';
const EVENT_NAMES = ['Report Opened', 'User Registered', 'Invoice Paid', 'Dashboard Shared'];
const PLANS = ['free', 'team', 'business', 'enterprise'];

export function buildEvent(index: number): SourceEvent {
  const user = scatter(index) % USERS;
  const connectorId = connectors[user % connectors.length]?.id ?? '';
  // The events of a user that was deleted would be skipped: those who leave are nobody else.
  const userId = isDelete(index) ? `gone-${index}` : `user-${user}`;
  const groupId = `account-${Math.floor(user / ACCOUNT_SIZE)}`;
  const messageId = ID_PREFIX + String(index).padStart(12, '0');
  const atMs = EPOCH_MS + index;
  const { type, commands, ...own } = callOf(index, user, groupId);
  const event = {
    timestamp: iso(atMs),
    type,
    userId,
    ...own,
    integrations: {},
    messageId,
    _metadata: { nodeVersion: '24.21.0', jsRuntime: 'node' },
    sentAt: iso(atMs + 180),
    receivedAt: iso(atMs + 250),
  };
  const headers = toHeaders({
    [headerNames.connectorId]: connectorId,
    [headerNames.messageId]: messageId,
    [headerNames.receivedAt]: event.receivedAt,
    [headerNames.traceparent]: `00-${String(index).padStart(32, '0')}-00f067aa0ba902b7-01`,
  });
  const key = partitionKey(connectorId, { userId, anonymousId: undefined }) ?? '';
  return { commands, record: { key: Buffer.from(key), value: Buffer.from(JSON.stringify(event)), headers } };
}

/** The index of the event with this message id. */
export function indexOf(messageId: string): number {
  return Number(messageId.slice(ID_PREFIX.length));
}

const CALLS = 1_000;

function isDelete(index: number): boolean {
  return index % CALLS === CALLS - 1;
}

/** Of 1,000 calls: 500 track, half of them naming the account; 300 identify; 150 group; 49 page; 1 delete. */
function callOf(index: number, user: number, groupId: string) {
  const step = index % CALLS;
  const email = `user${user}@company-${Math.floor(user / ACCOUNT_SIZE)}.com`;
  if (isDelete(index)) return { type: 'delete', commands: 1, context: context() };
  if (step % 2 === 0) {
    const namesAccount = step % 4 === 0;
    return {
      type: 'track',
      commands: namesAccount ? 2 : 1,
      event: EVENT_NAMES[index % EVENT_NAMES.length],
      properties: {
        reportId: index % 5_000,
        view: 'weekly revenue',
        filters: ['region:emea', 'segment:enterprise'],
        revenue: (index % 10_000) / 100,
        currency: 'EUR',
        isShared: index % 3 === 0,
      },
      context: { ...context(), traits: { email, plan: planOf(user) }, ...(namesAccount && { groupId }) },
    };
  }
  if (step % 20 < 12) {
    return {
      type: 'identify',
      commands: 1,
      traits: {
        email,
        firstName: 'Ann',
        lastName: `Smith ${user}`,
        plan: planOf(user),
        logins: index % 300,
        createdAt: '2024-05-06T07:08:09.000Z',
        isAdmin: user % 10 === 0,
        address: { city: 'Kraków', country: 'PL', postalCode: '31-042' },
        title: 'Head of Operations',
      },
      context: context(),
    };
  }
  if (step % 20 < 18) {
    return {
      type: 'group',
      commands: 2,
      groupId,
      traits: {
        name: `Company of ${groupId}`,
        industry: 'Technology',
        employees: 300 + (index % 50),
        plan: planOf(user),
        'total billed': (index % 100_000) / 10,
        website: `https://company-${groupId}.example`,
        renewsAt: '2027-01-01T00:00:00.000Z',
      },
      context: context(),
    };
  }
  return {
    type: 'page',
    commands: 0,
    name: 'Pricing',
    properties: { path: '/pricing', url: 'https://app.example/pricing', title: 'Pricing', referrer: '' },
    context: context(),
  };
}

function planOf(user: number): string {
  return PLANS[user % PLANS.length] ?? '';
}

function context() {
  return {
    library: { name: '@segment/analytics-node', version: '3.1.0' },
    ip: '203.0.113.7',
    locale: 'en-GB',
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0',
  };
}

/** Spreads consecutive numbers, the same way each time (Knuth's multiplicative hash). */
function scatter(index: number): number {
  return Math.imul(index + 1, 2_654_435_761) >>> 0;
}

function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}
