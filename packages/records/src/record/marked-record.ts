/** A consumed record with other headers, in memory only. Pure. */
import { headerText, type HeaderName } from './headers.ts';
import { keyText, recordSizeBytes, type ConsumedRecord, type EncodedRecord, type RecordHeaders } from './record.ts';

/** Headers in place of those of the record. Undefined: the record has no such header. */
export type HeaderMarks = Readonly<Partial<Record<HeaderName, string | undefined>>>;

/**
 * The record with these headers. Key, value and headers of a fetched record are made when they are asked for; a copy by
 * `...` would have none.
 */
export function markedRecord(record: ConsumedRecord, marks: HeaderMarks): ConsumedRecord {
  return new MarkedRecord(record, marks);
}

class MarkedRecord implements ConsumedRecord, EncodedRecord {
  readonly #record: ConsumedRecord;
  readonly #marks: HeaderMarks;
  #headers: RecordHeaders | undefined;

  constructor(record: ConsumedRecord, marks: HeaderMarks) {
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
    const marked = name as HeaderName;
    return Object.hasOwn(this.#marks, name) ? this.#marks[marked] : headerText(this.#record, marked);
  }
}

function withMarks(headers: RecordHeaders, marks: HeaderMarks): RecordHeaders {
  const marked: Record<string, Buffer> = { ...headers };
  for (const [name, text] of Object.entries(marks)) {
    // The headers of one record; an earlier mark must not stay.
    if (text === undefined) Reflect.deleteProperty(marked, name);
    else marked[name] = Buffer.from(text, 'utf8');
  }
  return marked;
}

/** With the lengths before each name and text. */
function bytesOf(marks: HeaderMarks): number {
  let bytes = 0;
  for (const [name, text] of Object.entries(marks)) {
    if (text !== undefined) bytes += Buffer.byteLength(name) + Buffer.byteLength(text) + MARK_FRAMING_BYTES;
  }
  return bytes;
}

const MARK_FRAMING_BYTES = 6;
