/**
 * Event records for the mapper, drawn from a seed, and a model of what they come to, written from the rules
 * (docs/guarantees.md, docs/sending.md) and sharing no code with the mapper. Two customers: one lets users with free
 * email addresses in, the other blocks them.
 */
import { createHash } from 'node:crypto';
import { headerNames, toHeaders, type OutgoingRecord } from '@astrolabe/records';

export const connectors = [
  { id: 'acme', name: 'Acme', apiKey: 'apikey0acme' },
  { id: 'globex', name: 'Globex', apiKey: 'apikey0globex', freeEmailProviders: 'block' },
] as const;

type Connector = (typeof connectors)[number];

export interface TrafficEvent {
  readonly connector: Connector;
  readonly type: 'identify' | 'group' | 'track' | 'page' | 'delete' | 'unsuppress';
  readonly messageId: string;
  readonly userId?: string;
  readonly anonymousId?: string;
  readonly groupId?: string;
  readonly event?: string;
  readonly traits?: { readonly email?: string; readonly plan: number };
  readonly properties?: { readonly index: number };
  readonly receivedAtMs: number;
}

const FIRST_MS = Date.parse('2026-11-01T00:00:00.000Z');
const emailDomains = ['gmail.com', 'acme-corp.com', 'mail.gmail.com', 'umbrella.org'] as const;
const freeDomains: ReadonlySet<string> = new Set(['gmail.com', 'mail.gmail.com']);

/** `below(n)` gives a whole number in [0, n). */
export function drawEvent(index: number, users: number, below: (limit: number) => number): TrafficEvent {
  const connector = connectors[below(2)] ?? connectors[0];
  const userId = `user-${below(users)}`;
  const groupId = `account-${below(50)}`;
  const common = { connector, messageId: `m-${index}`, receivedAtMs: FIRST_MS + index * 10 };
  const plan = below(10);
  switch (below(20)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return { ...common, type: 'identify', userId, traits: { plan } };
    case 4:
    case 5: {
      const email = `${userId}@${emailDomains[below(emailDomains.length)] ?? 'gmail.com'}`;
      return { ...common, type: 'identify', userId, traits: { email, plan } };
    }
    case 6:
      return { ...common, type: 'group', groupId, traits: { plan } };
    case 7:
    case 8:
      return { ...common, type: 'group', groupId, userId, traits: { plan } };
    case 9:
      return {
        ...common,
        type: 'track',
        anonymousId: `visitor-${below(users)}`,
        event: 'Opened',
        properties: { index },
      };
    case 10:
      return { ...common, type: 'page', userId };
    case 11:
      // One in five hundred deletes its user, two let one in again.
      return below(25) > 2
        ? { ...common, type: 'track', userId, event: 'Closed', properties: { index } }
        : { ...common, type: below(3) === 0 ? 'delete' : 'unsuppress', userId };
    default:
      return { ...common, type: 'track', userId, event: `Event ${below(8)}`, properties: { index } };
  }
}

/** As ingest writes it. */
export function toRecord(event: TrafficEvent): OutgoingRecord {
  const { connector, receivedAtMs, ...sent } = event;
  const receivedAt = new Date(receivedAtMs).toISOString();
  const identity =
    event.userId !== undefined
      ? ['user', event.userId]
      : event.anonymousId !== undefined
        ? ['anonymous', event.anonymousId]
        : ['account', event.groupId];
  return {
    key: Buffer.from(JSON.stringify([connector.id, ...identity])),
    value: Buffer.from(JSON.stringify({ ...sent, timestamp: receivedAt, receivedAt })),
    headers: toHeaders({
      [headerNames.connectorId]: connector.id,
      [headerNames.messageId]: event.messageId,
      [headerNames.receivedAt]: receivedAt,
    }),
  };
}

/**
 * What the events of the partitions come to. Events of one user are in one partition, in the order in which they are
 * given here.
 */
export class MapperModel {
  /** Command ids by record key, in the order in which they were produced for an input partition. */
  readonly commandsByKey = new Map<string, Map<number, string[]>>();
  /** Where the event of a command stands on the event topic: partition and offset. */
  readonly sources = new Map<string, string>();
  readonly suppressed = new Set<string>();
  readonly outcomes = { mapped: 0, skipped: 0 };
  readonly #domains = new Map<string, string>();

  apply(event: TrafficEvent, inputPartition: number, offset: bigint): void {
    const { connector, type, messageId, userId, anonymousId, groupId } = event;
    const user = JSON.stringify([connector.id, 'user', userId]);
    let emitted = 0;
    const emit = (kind: string, key: string): void => {
      const byPartition = this.commandsByKey.get(key) ?? new Map<number, string[]>();
      this.commandsByKey.set(key, byPartition);
      const ids = byPartition.get(inputPartition) ?? [];
      byPartition.set(inputPartition, ids);
      const id = idOf(connector.id, messageId, kind);
      ids.push(id);
      this.sources.set(id, `${inputPartition}@${offset}`);
      emitted += 1;
    };
    switch (type) {
      case 'identify':
        if (this.#isLetIn(event, user)) emit('UpsertUser', user);
        break;
      case 'track':
        if (userId === undefined) emit('TrackEvent', JSON.stringify([connector.id, 'anonymous', anonymousId]));
        else if (this.#isLetIn(event, user)) emit('TrackEvent', user);
        break;
      case 'group':
        emit('UpsertAccount', JSON.stringify([connector.id, 'account', groupId]));
        if (userId !== undefined && this.#isLetIn(event, user)) {
          emit('AssociateUser', user);
        }
        break;
      case 'delete':
        emit('DeleteUser', user);
        this.suppressed.add(user);
        this.#domains.delete(user);
        break;
      case 'unsuppress':
        this.suppressed.delete(user);
        break;
      case 'page':
        break;
    }
    if (emitted > 0) this.outcomes.mapped += 1;
    else this.outcomes.skipped += 1;
  }

  #isLetIn({ connector, traits }: TrafficEvent, user: string): boolean {
    if (this.suppressed.has(user)) return false;
    if (!('freeEmailProviders' in connector)) return true;
    const domain = traits?.email?.split('@')[1];
    if (domain !== undefined) this.#domains.set(user, domain);
    return !freeDomains.has(this.#domains.get(user) ?? '');
  }
}

function idOf(connectorId: string, messageId: string, kind: string): string {
  return createHash('sha256')
    .update(JSON.stringify([connectorId, messageId, kind]))
    .digest('hex')
    .slice(0, 32);
}
