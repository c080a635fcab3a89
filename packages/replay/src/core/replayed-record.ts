/** A record as a replay gives it to the mapper or the dispatcher: with the replay's marks, in memory only. Pure. */
import {
  headerNames,
  headerText,
  keyText,
  recordSizeBytes,
  type ConsumedRecord,
  type EncodedRecord,
  type HeaderName,
  type RecordHeaders,
} from '@astrolabe/records';
import type { ReplayOrder } from './replay-order.ts';

/** Undefined: the record has no such header, whatever an earlier replay had set. */
type Marks = Readonly<Record<string, string | undefined>>;

/**
 * The record with the marks of this replay in place of those of another. Commands that are made of it carry them on, so
 * the ledger, the API and a dead letter know the replay.
 */
export function replayedRecord(
  record: ConsumedRecord,
  { id, request }: Pick<ReplayOrder, 'id' | 'request'>,
): ConsumedRecord {
  return new ReplayedRecord(record, {
    [headerNames.replayId]: id,
    [headerNames.replayFrom]: `${record.topic}:${record.partition}:${record.offset}`,
    [headerNames.replayForce]: request.force === true ? '1' : undefined,
  });
}

/**
 * A copy that a replay of an earlier version appended to the topic of the record. A command of a replayed event is
 * not one: it names the topic of the event.
 */
export function isReplayedCopy(record: ConsumedRecord): boolean {
  return headerText(record, headerNames.replayFrom)?.startsWith(`${record.topic}:`) === true;
}

/** Key, value and headers of a fetched record are made when they are asked for; a copy by `...` would have none. */
class ReplayedRecord implements ConsumedRecord, EncodedRecord {
  readonly #record: ConsumedRecord;
  readonly #marks: Marks;
  #headers: RecordHeaders | undefined;

  constructor(record: ConsumedRecord, marks: Marks) {
    this.#record = record;
    this.#marks = marks;
  }

  get topic(): string {
    return this.#record.topic;
  }

  get partition(): number {
    return this.#record.partition;
  }

  get offset(): bigint {
    return this.#record.offset;
  }

  get timestampMs(): number {
    return this.#record.timestampMs;
  }

  get key(): Buffer | null {
    return this.#record.key;
  }

  get value(): Buffer | null {
    return this.#record.value;
  }

  get headers(): RecordHeaders {
    return (this.#headers ??= withMarks(this.#record.headers, this.#marks));
  }

  get encoded(): EncodedRecord {
    return this;
  }

  get contentBytes(): number {
    return recordSizeBytes(this.#record) + bytesOf(this.#marks);
  }

  keyText(): string | undefined {
    return keyText(this.#record);
  }

  headerText(name: string): string | undefined {
    return Object.hasOwn(this.#marks, name) ? this.#marks[name] : headerText(this.#record, name as HeaderName);
  }
}

function withMarks(headers: RecordHeaders, marks: Marks): RecordHeaders {
  const marked: Record<string, Buffer> = { ...headers };
  for (const [name, text] of Object.entries(marks)) {
    // The headers of one record; an earlier replay's mark must not stay.
    if (text === undefined) Reflect.deleteProperty(marked, name);
    else marked[name] = Buffer.from(text, 'utf8');
  }
  return marked;
}

/** With the lengths before each name and text. */
function bytesOf(marks: Marks): number {
  let bytes = 0;
  for (const [name, text] of Object.entries(marks)) {
    if (text !== undefined) bytes += Buffer.byteLength(name) + Buffer.byteLength(text) + MARK_FRAMING_BYTES;
  }
  return bytes;
}

const MARK_FRAMING_BYTES = 6;
