/** The topics that replays read, in memory: the commands, and the replayed commands. */
import assert from 'node:assert/strict';
import { toHeaders, type ConsumedRecord, type PartitionOffsets } from '@astrolabe/records';
import { createInMemoryPartitionReader, type InMemoryPartitionReader } from '@astrolabe/records/in-memory';
import { replayedRecord } from '@astrolabe/replay';
import { commandId } from '@astrolabe/schemas';
import { common, upsertUser } from './commands.ts';
import { recordOf } from './scripted-handler.ts';

export const PARTITION = 2;

export class ReplayTopics {
  readonly #topics = new Map<string, ConsumedRecord[]>([
    ['commands', []],
    ['replayed', []],
  ]);
  readonly #lowWatermarks = new Map<string, bigint>();

  reader(pageRecords: number): InMemoryPartitionReader {
    return createInMemoryPartitionReader(
      {
        records: (topic) => this.records(topic).filter(({ offset }) => offset >= this.offsets(topic).lowWatermark),
        offsets: (topic) => this.offsets(topic),
      },
      { maxRecords: pageRecords },
    );
  }

  records(topic: string): ConsumedRecord[] {
    const records = this.#topics.get(topic);
    assert.ok(records, `topic ${topic}`);
    return records;
  }

  offsets(topic: string): PartitionOffsets {
    const end = (this.records(topic).at(-1)?.offset ?? -1n) + 1n;
    return { lowWatermark: this.#lowWatermarks.get(topic) ?? 0n, lastStableOffset: end, highWatermark: end };
  }

  /** Retention has removed what is below. */
  expire(topic: string, lowWatermark: bigint): void {
    this.#lowWatermarks.set(topic, lowWatermark);
  }

  /** Commands of users that are named by the first character of their messages, one key for each user. */
  append(topic: 'commands' | 'replayed', ...messages: readonly string[]): readonly ConsumedRecord[] {
    const records = this.records(topic);
    return messages.map((message) => {
      const record = { ...commandRecord(message, BigInt(records.length)), topic, partition: PARTITION };
      records.push(record);
      return record;
    });
  }

  /** As the mapper makes them of an event of a replay. */
  appendReplayed(replayId: string, messages: readonly string[], isForced = false): void {
    const records = this.records('replayed');
    for (const message of messages) {
      const record = { ...commandRecord(message, BigInt(records.length)), topic: 'events', partition: PARTITION };
      const request = { source: 'events' as const, force: isForced };
      const { key, value, headers } = replayedRecord(record, { id: replayId, request });
      records.push({ ...record, key, value, headers, topic: 'replayed' });
    }
  }
}

function commandRecord(message: string, offset: bigint): ConsumedRecord {
  const user = message.slice(0, 1);
  const record = recordOf(upsertUser({ messageId: message, userId: user }), offset, user);
  const id = commandId(common.connectorId, message, 'UpsertUser');
  return { ...record, headers: { ...record.headers, ...toHeaders({ 'message-id': message, 'command-id': id }) } };
}
