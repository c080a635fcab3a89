/**
 * How far the owner of an input partition is with a replay of it: a record of the changelog topic, stored in the same
 * transaction as what came of the replayed records.
 *
 * The keys begin as those of positions do, so that a version without managed replays skips them: it would stop at any
 * other key that it does not know, and an upgrade could not be undone while a replay runs.
 */
import type { ConsumedRecord, OutgoingRecord } from '../record/record.ts';
import { positionKey } from './state-position.ts';

/** `value`: whatever those who replay say of their position; null when the replay need not be remembered any more. */
export function replayPositionRecord(
  groupId: string,
  replayId: string,
  value: Buffer | null,
  partition: number,
): OutgoingRecord {
  const key = Buffer.from(`${replayKeys(groupId)}${JSON.stringify(replayId)}]`);
  return { key, value, headers: {}, partition };
}

/** Undefined for every other record of the topic, and for those of other groups. */
export function readReplayPosition(
  groupId: string,
  key: string,
  value: ConsumedRecord['value'],
): { readonly replayId: string; readonly value: Buffer | null } | undefined {
  const start = replayKeys(groupId);
  if (!key.startsWith(start)) return undefined;
  const replayId = JSON.parse(key.slice(start.length, -1)) as unknown;
  if (typeof replayId !== 'string') throw new Error('the position of a replay without its id');
  return { replayId, value };
}

function replayKeys(groupId: string): string {
  return `${positionKey(groupId).slice(0, -1)},"replay",`;
}
