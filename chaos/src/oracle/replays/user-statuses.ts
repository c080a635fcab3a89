/** What was known of each user after each of its events: a replay may come to an event at any later time. */
import type { JsonObject } from '@astrolabe/schemas';
import type { EventRecord } from '../observed.ts';
import type { UserMemory, UserStatus } from '../user-memory.ts';

interface Since {
  readonly offset: bigint;
  readonly status: UserStatus;
}

const unknown: UserStatus = {
  deletedAtMs: undefined,
  liftedAtMs: undefined,
  domain: undefined,
  domainAtMs: 0,
  decisions: 0,
};

export class UserStatuses {
  /** By user. All events of a user are on one partition. */
  readonly #since = new Map<string, Since[]>();

  /** In the order of the offsets, when `memory` knows of the event. */
  handled({ connectorId, offset }: EventRecord, body: JsonObject, memory: UserMemory): void {
    const userId = userOf(body);
    if (userId === undefined) return;
    const status = memory.statusOf(userId);
    const key = JSON.stringify([connectorId, userId]);
    const known = this.#since.get(key) ?? [];
    this.#since.set(key, known);
    const last = known.at(-1)?.status ?? unknown;
    if (!isSame(last, status)) known.push({ offset, status });
  }

  /** Those that a repetition of the event may meet: as it left its user, or any later one. */
  since({ connectorId, offset }: EventRecord, body: JsonObject): readonly UserStatus[] {
    const userId = userOf(body);
    const known = userId === undefined ? [] : (this.#since.get(JSON.stringify([connectorId, userId])) ?? []);
    const later = known.findIndex((each) => each.offset > offset);
    const from = later === -1 ? known.length - 1 : later - 1;
    const first = from < 0 ? [unknown] : [];
    return [...first, ...known.slice(Math.max(0, from)).map(({ status }) => status)];
  }
}

function userOf(body: JsonObject): string | undefined {
  const userId = body['userId'];
  return typeof userId === 'string' && userId !== '' ? userId : undefined;
}

function isSame(one: UserStatus, other: UserStatus): boolean {
  return (
    one.deletedAtMs === other.deletedAtMs &&
    one.liftedAtMs === other.liftedAtMs &&
    one.domain === other.domain &&
    one.domainAtMs === other.domainAtMs &&
    one.decisions === other.decisions
  );
}
