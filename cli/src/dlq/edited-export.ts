/** An export that somebody has edited, read back: what to redrive, and with which value. Pure. */
import { measureValue, readMembers, skipWhitespace } from '@astrolabe/segment';

export interface EditedLetter {
  /** Of the line in its file, from 1. */
  readonly line: number;
  /** `topic:partition:offset` of the dead letter. */
  readonly position: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** JSON text of the event or the command, or the text that is no JSON. Undefined where the line has none: the letter as it is. */
  readonly value: { readonly kind: 'event' | 'command' | 'text'; readonly text: string } | undefined;
}

export type ParsedExport =
  | { readonly kind: 'letters'; readonly letters: readonly EditedLetter[] }
  | { readonly kind: 'invalid'; readonly line: number; readonly reason: string };

const position = /^(.+):(\d{1,9}):(\d{1,18})$/;

/** Every line of an export; empty ones are none. A position that comes twice is refused: which of the two is meant cannot be told. */
export function parseExport(text: string): ParsedExport {
  const letters: EditedLetter[] = [];
  const seen = new Map<string, number>();
  for (const [index, raw] of text.split('\n').entries()) {
    // A file that was joined from several has the mark of each in its middle.
    const line = raw.replace(/^\ufeff+/, '');
    if (line.trim() === '') continue;
    const letter = parseLine(line, index + 1);
    if (typeof letter === 'string') return { kind: 'invalid', line: index + 1, reason: letter };
    const earlier = seen.get(letter.position);
    if (earlier !== undefined) {
      return { kind: 'invalid', line: index + 1, reason: `${letter.position} stands on line ${earlier} already` };
    }
    seen.set(letter.position, index + 1);
    letters.push(letter);
  }
  return { kind: 'letters', letters };
}

function parseLine(line: string, number: number): EditedLetter | string {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch (error) {
    return `not JSON: ${(error as Error).message}`;
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return 'no object';
  const fields = json as Readonly<Record<string, unknown>>;
  const match = position.exec(typeof fields['position'] === 'string' ? fields['position'] : '');
  const [whole, topic, partition, offset] = match ?? [];
  if (whole === undefined || topic === undefined || partition === undefined || offset === undefined) {
    return 'no "position" of the form topic:partition:offset, as an export has it';
  }
  const place = { line: number, position: whole, topic, partition: Number(partition), offset: BigInt(offset) };
  const { text } = fields;
  if (typeof text === 'string') return { ...place, value: { kind: 'text', text } };
  for (const kind of ['event', 'command'] as const) {
    // The text as it stands, so that no number is rounded on its way through this program.
    if (fields[kind] !== undefined) return { ...place, value: { kind, text: memberText(line, kind) } };
  }
  return { ...place, value: undefined };
}

function memberText(line: string, name: string): string {
  const bytes = Buffer.from(line);
  const member = readMembers(bytes, skipWhitespace(bytes, 0)).get(name);
  if (member === undefined) return '';
  const { start, end } = measureValue(bytes, member.start);
  return bytes.toString('utf8', start, end);
}
