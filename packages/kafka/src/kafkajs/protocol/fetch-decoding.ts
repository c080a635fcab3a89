/**
 * A fetch response of version 11 for kafkajs's consumer, decoded by `record-batches.ts`, within bounds. kafkajs's own
 * decoder
 * - inflates all batches of an answer at once: 10 MB of answer, its default, can be gigabytes;
 * - copies all headers of a record for each of them, so that one record of 100,000 headers keeps a consumer busy for
 *   minutes;
 * - fails, again and again, at a batch of more records than a call may have arguments;
 * - takes no notice of checksums.
 * An answer is decoded until it takes enough memory; what is left of it is fetched again.
 */
import { setImmediate as afterOtherWork } from 'node:timers/promises';
import type { ConsumedRecord } from '@astrolabe/records';
import type { AbortedTransaction, TopicPartition } from './fetch-partition.ts';
import { RecordSetDecoder, splitRecordSet, type Decompress } from './record-batches.ts';

/**
 * What kafkajs's `Batch` takes for a message: a record batch as a whole, by its last offset, since kafkajs makes a Long
 * of each message's offset. So the first one may hold records before the offset that was asked for (`recordsOf`).
 */
export interface FetchedMessage {
  readonly offset: string;
  /** Holds no record that anybody may see, and never reaches the handler; its offset counts as read. */
  readonly isControlRecord: boolean;
  readonly records: readonly ConsumedRecord[];
}

export interface FetchedMessages {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: string;
  /** None: the decoder has left their records out. */
  readonly abortedTransactions: readonly never[];
  readonly preferredReadReplica: number;
  readonly messages: readonly FetchedMessage[];
}

export interface FetchedTopics {
  /** 0: the broker does not wait itself and expects it of us. */
  readonly throttleTime: 0;
  readonly clientSideThrottleTime: number;
  readonly errorCode: number;
  readonly responses: readonly { readonly topicName: string; readonly partitions: readonly FetchedMessages[] }[];
}

/** After so much of an answer the batches behind wait for the next one. A single batch may take four times as much. */
const ENOUGH_INFLATED_BYTES = 4 * 1_048_576;
const ENOUGH_ITEMS = 100_000;
/** Records and headers that are read in one turn of the event loop, give or take a batch: a millisecond or two. */
const TURN_ITEMS = 10_000;

/** What is decoded of one answer. */
class Allowance {
  #inflatedBytes = 0;
  #items = 0;
  #itemsInTurn = 0;

  take({ inflatedBytes, items }: { readonly inflatedBytes: number; readonly items: number }): void {
    this.#inflatedBytes += inflatedBytes;
    this.#items += items;
    this.#itemsInTurn += items;
  }

  /** An answer may hold the records of many partitions: between them the process does its other work. */
  async pauseIfTurnIsOver(): Promise<void> {
    if (this.#itemsInTurn < TURN_ITEMS) return;
    this.#itemsInTurn = 0;
    await afterOtherWork();
  }

  isUsedUp(): boolean {
    return this.#inflatedBytes >= ENOUGH_INFLATED_BYTES || this.#items >= ENOUGH_ITEMS;
  }
}

/** Rejects with an error that kafkajs does not retry where the first batch that is left to read cannot be read. */
export async function decodeFetchResponse(bytes: Buffer, decompress: Decompress): Promise<FetchedTopics> {
  let at = 0;
  const int16 = (): number => bytes.readInt16BE((at += 2) - 2);
  const int32 = (): number => bytes.readInt32BE((at += 4) - 4);
  const int64 = (): bigint => bytes.readBigInt64BE((at += 8) - 8);

  const clientSideThrottleTime = int32();
  const errorCode = int16();
  int32(); // session
  const allowance = new Allowance();
  const responses: { topicName: string; partitions: FetchedMessages[] }[] = [];
  for (let topics = int32(); topics > 0; topics -= 1) {
    const nameBytes = int16();
    const topicName = bytes.toString('utf8', at, (at += nameBytes));
    const partitions: FetchedMessages[] = [];
    for (let count = int32(); count > 0; count -= 1) {
      const partition = int32();
      const partitionErrorCode = int16();
      const highWatermark = int64().toString();
      at += 16; // last stable offset, log start offset
      const aborted: AbortedTransaction[] = [];
      for (let left = int32(); left > 0; left -= 1) aborted.push({ producerId: int64(), firstOffset: int64() });
      const preferredReadReplica = int32();
      const recordBytes = Math.max(0, int32());
      const records = bytes.subarray(at, (at += recordBytes));
      const source = { topic: topicName, partition };
      const messages = await decodeMessages(source, records, aborted, decompress, allowance);
      const answer = { partition, errorCode: partitionErrorCode, highWatermark, preferredReadReplica, messages };
      partitions.push({ ...answer, abortedTransactions: [] });
    }
    responses.push({ topicName, partitions });
  }
  return { throttleTime: 0, clientSideThrottleTime, errorCode, responses };
}

async function decodeMessages(
  source: TopicPartition,
  bytes: Buffer,
  abortedTransactions: readonly AbortedTransaction[],
  decompress: Decompress,
  allowance: Allowance,
): Promise<FetchedMessage[]> {
  const messages: FetchedMessage[] = [];
  const decoder = new RecordSetDecoder(source, abortedTransactions, decompress);
  for (const batch of splitRecordSet(bytes)) {
    if (allowance.isUsedUp()) break;
    const records: ConsumedRecord[] = [];
    try {
      allowance.take(await decoder.decode(batch, records));
    } catch (error) {
      // What is before it is handled first, and committed. The next fetch begins with it.
      if (messages.length > 0) break;
      throw error;
    }
    // Markers, aborted records and what compaction has removed: read, too.
    messages.push({ offset: String(batch.nextOffset - 1n), isControlRecord: records.length === 0, records });
    await allowance.pauseIfTurnIsOver();
  }
  return messages;
}
