/**
 * Values of a JSON text that does not have one per line: an array of events, events one after the other without line
 * breaks (Amazon Data Firehose), or laid out over many lines. Holds one event at a time.
 */
import { MAX_LINE_BYTES, type SourceLine } from './source-line.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
/**
 * Blanks, the separator of JSON text sequences (RFC 7464), and the bytes of a byte order mark, as found between joined
 * files.
 */
const BETWEEN = new Set([0x20, 0x09, 0x0a, 0x0d, 0x1e, 0xef, 0xbb, 0xbf]);

/**
 * Each object at the outermost level, and each element of an array there, numbered from 1. Anything else is given as it
 * is up to the next comma or line break: a bad event with a number, and those after it are read. Rejects where an event
 * or an array has no end.
 */
export async function* splitValues(chunks: AsyncIterable<Buffer>): AsyncGenerator<readonly SourceLine[]> {
  const splitter = new ValueSplitter();
  for await (const chunk of chunks) {
    const values = splitter.push(chunk);
    if (values.length > 0) yield values;
  }
  const last = splitter.end();
  if (last.length > 0) yield last;
  splitter.assertClosed();
}

class ValueSplitter {
  #number = 0;
  /** Bytes before the current chunk. */
  #passedBytes = 0;
  #parts: Buffer[] = [];
  #heldBytes = 0;
  #startedAt = 0;
  #isInArray = false;
  #state: 'between' | 'value' | 'scalar' = 'between';
  #depth = 0;
  #isInString = false;
  #isEscaped = false;

  push(chunk: Buffer): SourceLine[] {
    const values: SourceLine[] = [];
    let from = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0;
      if (this.#state === 'between') {
        if (!this.#begins(byte)) continue;
        from = at;
        this.#startedAt = this.#passedBytes + at;
      }
      if (this.#state === 'value' && this.#ends(byte)) {
        values.push(this.#take(chunk.subarray(from, at + 1)));
      } else if (this.#state === 'scalar' && (byte === COMMA || byte === CLOSE_BRACKET || byte === 0x0a)) {
        values.push(this.#take(chunk.subarray(from, at)));
        if (byte === CLOSE_BRACKET) this.#isInArray = false;
      }
    }
    if (this.#state !== 'between') this.#hold(chunk.subarray(from));
    this.#passedBytes += chunk.length;
    return values;
  }

  /** What is incomplete at the end. */
  end(): SourceLine[] {
    return this.#state === 'between' ? [] : [this.#take(Buffer.alloc(0))];
  }

  assertClosed(): void {
    if (!this.#isInArray) return;
    throw new Error(`the array of events is not closed after event ${this.#number}: the file is truncated`);
  }

  /** Whether a value begins with this byte, which comes between values. */
  #begins(byte: number): boolean {
    if (BETWEEN.has(byte) || byte === COMMA) return false;
    if (byte === OPEN_BRACKET && !this.#isInArray) {
      this.#isInArray = true;
      return false;
    }
    if (byte === CLOSE_BRACKET && this.#isInArray) {
      this.#isInArray = false;
      return false;
    }
    this.#state = byte === OPEN_BRACE || byte === OPEN_BRACKET ? 'value' : 'scalar';
    this.#depth = 0;
    this.#isInString = false;
    this.#isEscaped = false;
    return true;
  }

  #ends(byte: number): boolean {
    if (this.#isInString) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === BACKSLASH) this.#isEscaped = true;
      else if (byte === QUOTE) this.#isInString = false;
      return false;
    }
    if (byte === QUOTE) this.#isInString = true;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) this.#depth += 1;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) this.#depth -= 1;
    return this.#depth === 0;
  }

  #take(last: Buffer): SourceLine {
    this.#hold(last);
    const bytes =
      this.#parts.length === 1 && this.#parts[0] !== undefined ? this.#parts[0] : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#heldBytes = 0;
    this.#state = 'between';
    this.#number += 1;
    return { number: this.#number, bytes, isCut: false, unit: 'event' };
  }

  #hold(part: Buffer): void {
    if (part.length === 0) return;
    this.#heldBytes += part.length;
    if (this.#heldBytes > MAX_LINE_BYTES) {
      throw new Error(
        `event ${this.#number + 1}, which starts at byte ${this.#startedAt} of the text, does not end within ${MAX_LINE_BYTES} bytes; ` +
          'a quotation mark or a brace may be missing there. Fix it; the events before it have been read',
      );
    }
    this.#parts.push(part);
  }
}
