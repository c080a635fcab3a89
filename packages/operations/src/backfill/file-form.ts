/** What a file holds, recognised by its beginning. Pure. */
import { isJsonObject, skipWhitespace, measureValue } from '@astrolabe/segment';
import { otherEncodingOf } from '@astrolabe/service-kit';

export type Compression = 'none' | 'gzip' | 'zstd';

export type FileForm =
  /** One event per line. */
  | { readonly kind: 'lines' }
  /** Arrays of events, or events one after the other. */
  | { readonly kind: 'values' }
  /** For people: what it is, and what to do. */
  | { readonly kind: 'refused'; readonly reason: string };

interface KnownForm {
  readonly name: string;
  readonly at?: number;
  readonly bytes: Buffer;
  readonly remedy: string;
}

const ascii = (text: string): Buffer => Buffer.from(text, 'latin1');
const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const unpack = (command: string): string => `unpack it first (${command}), then pass the files or folders`;
const exportRows = (tool: string): string => `export its rows as JSON, one event per line (${tool})`;

const unreadable: readonly KnownForm[] = [
  { name: 'a zip archive', bytes: hex('504b0304'), remedy: unpack('unzip FILE') },
  { name: 'an empty zip archive', bytes: hex('504b0506'), remedy: unpack('unzip FILE') },
  { name: 'an xz file', bytes: hex('fd377a585a00'), remedy: unpack('xz -d FILE') },
  { name: 'a bzip2 file', bytes: ascii('BZh'), remedy: unpack('bzip2 -d FILE') },
  { name: 'an lz4 file', bytes: hex('04224d18'), remedy: unpack('lz4 -d FILE') },
  { name: 'a snappy file', bytes: hex('ff060000734e61507059'), remedy: unpack('snzip -d FILE') },
  { name: 'a 7-Zip archive', bytes: hex('377abcaf271c'), remedy: unpack('7z x FILE') },
  { name: 'a RAR archive', bytes: ascii('Rar!'), remedy: unpack('unrar x FILE') },
  { name: 'a compress (.Z) file', bytes: hex('1f9d'), remedy: unpack('uncompress FILE') },
  { name: 'a tar archive', at: 257, bytes: ascii('ustar'), remedy: unpack('tar xf FILE') },
  {
    name: 'a Parquet file',
    bytes: ascii('PAR1'),
    remedy: exportRows("duckdb: COPY (FROM 'FILE') TO 'events.ndjson' (FORMAT json)"),
  },
  { name: 'an Avro file', bytes: hex('4f626a01'), remedy: exportRows('avro-tools tojson FILE') },
  { name: 'an ORC file', bytes: ascii('ORC'), remedy: exportRows('orc-tools data FILE') },
  { name: 'an SQLite database', bytes: ascii('SQLite format 3'), remedy: exportRows('sqlite3 FILE .mode json') },
  { name: 'an old Excel file', bytes: hex('d0cf11e0a1b11ae1'), remedy: exportRows('a script of your own') },
  { name: 'a PDF', bytes: ascii('%PDF-'), remedy: exportRows('a script of your own') },
];

/** By the first bytes of the file, whatever its name. */
export function compressionOf(head: Buffer): Compression {
  if (head.subarray(0, 2).equals(hex('1f8b'))) return 'gzip';
  return head.subarray(0, 4).equals(hex('28b52ffd')) ? 'zstd' : 'none';
}

/** Lines among which an event is looked for. */
const EXAMINED_LINES = 100;
const SHOWN_CHARACTERS = 40;

/** `head` is the beginning of what the file holds, decompressed; `isWhole` where that is all of it. */
export function formOf(head: Buffer, isWhole: boolean): FileForm {
  const known = unreadable.find(({ at = 0, bytes }) => head.subarray(at, at + bytes.length).equals(bytes));
  if (known !== undefined) return refuse(`it is ${known.name}, which is not supported; ${known.remedy}`);
  const encoding = otherEncodingOf(head);
  if (encoding !== undefined) return refuse(`it is ${encoding}; save it as UTF-8 (iconv -t UTF-8)`);
  const text = head.toString('utf8').replace(/^[\ufeff\u001e\s]+/, '');
  if (text === '') return { kind: 'lines' };
  const lines = text.split('\n').map((line) => line.replace(/^\ufeff/, '').trim());
  // The last line of a part may be incomplete.
  const complete = (isWhole ? lines : lines.slice(0, -1)).filter((line) => line !== '').slice(0, EXAMINED_LINES);
  const [first = ''] = complete;
  if (isObjectText(first)) return { kind: 'lines' };
  const isArray = text.startsWith('[');
  if ((isArray || text.startsWith('{')) && beginsWithEvent(text)) return { kind: 'values' };
  if (complete.some(isObjectText)) return { kind: 'lines' };
  // Broken JSON becomes dead letters, which say where the fault is: one for a line, or one for each object that is laid
  // out over lines.
  if (first === '{' || first === '[') return { kind: 'values' };
  if (text.startsWith('{')) return { kind: 'lines' };
  if (head.includes(0))
    return refuse('it is not text: it contains zero bytes; export its events as JSON, one event per line');
  const shown = JSON.stringify(text.slice(0, SHOWN_CHARACTERS).split('\n')[0]);
  const guess = text.startsWith('<') ? ' (XML or HTML?)' : first.includes(',') || first.includes(';') ? ' (CSV?)' : '';
  return refuse(
    `it starts with ${shown}, which is not JSON${guess}; convert it to JSON, one event per line or an array`,
  );
}

function isObjectText(text: string): boolean {
  return text.startsWith('{') && isJsonObject(parse(text));
}

/**
 * Whether the text is `{...}` or `[{...}`, an array without elements among it, as far as the first object is complete.
 */
function beginsWithEvent(text: string): boolean {
  const bytes = Buffer.from(text);
  let at = 0;
  if (text.startsWith('[')) {
    at = skipWhitespace(bytes, 1);
    if (bytes[at] === CLOSE_BRACKET) return true;
    if (bytes[at] !== OPEN_BRACE) return Array.isArray(parse(text));
  }
  const end = endOfValue(bytes, at);
  return end !== undefined && isObjectText(bytes.toString('utf8', at, end));
}

/** Undefined where the value is incomplete. */
function endOfValue(bytes: Buffer, start: number): number | undefined {
  try {
    return measureValue(bytes, start).end;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const OPEN_BRACE = 0x7b;
const CLOSE_BRACKET = 0x5d;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refuse(reason: string): FileForm {
  return { kind: 'refused', reason };
}
