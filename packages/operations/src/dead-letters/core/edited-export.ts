/** An edited export, read back: what to redrive, and with which value. Pure. */
import { measureValue, readMembers, skipWhitespace } from '@astrolabe/segment';

export interface EditedDeadLetter {
  /** Of the line in its file, from 1. */
  readonly line: number;
  /** `topic:partition:offset` of the dead letter. */
  readonly position: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /**
   * JSON text of the event or command, or text that is not JSON. Undefined where the line has none: the dead letter as
   * it is.
   */
  readonly value: { readonly kind: 'event' | 'command' | 'text'; readonly text: string } | undefined;
}

export type ParsedExport =
  | { readonly kind: 'dead-letters'; readonly deadLetters: readonly EditedDeadLetter[] }
  | { readonly kind: 'invalid'; readonly line: number; readonly reason: string };

const position = /^(.+):(\d{1,9}):(\d{1,18})$/;

/**
 * Every line of an export; empty lines are skipped. A position that comes twice is refused, since either may be meant.
 */
export function parseExport(text: string): ParsedExport {
  const deadLetters: EditedDeadLetter[] = [];
  const seen = new Map<string, number>();
  for (const [index, raw] of text.split('\n').entries()) {
    // A file that was joined from several has their byte order marks in its middle.
    const line = raw.replace(/^\ufeff+/, '');
    if (line.trim() === '') continue;
    const parsed = parseLine(line, index + 1);
    if (typeof parsed === 'string') return { kind: 'invalid', line: index + 1, reason: parsed };
    const earlier = seen.get(parsed.position);
    if (earlier !== undefined) {
      return { kind: 'invalid', line: index + 1, reason: `${parsed.position} is on line ${earlier} already` };
    }
    seen.set(parsed.position, index + 1);
    deadLetters.push(parsed);
  }
  return { kind: 'dead-letters', deadLetters };
}

function parseLine(line: string, number: number): EditedDeadLetter | string {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch (error) {
    return `not JSON: ${(error as Error).message}`;
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return 'not a JSON object';
  const fields = json as Readonly<Record<string, unknown>>;
  const match = position.exec(typeof fields['position'] === 'string' ? fields['position'] : '');
  const [whole, topic, partition, offset] = match ?? [];
  if (whole === undefined || topic === undefined || partition === undefined || offset === undefined) {
    return 'it has no "position" of the form topic:partition:offset';
  }
  const place = { line: number, position: whole, topic, partition: Number(partition), offset: BigInt(offset) };
  const { text } = fields;
  if (typeof text === 'string') return { ...place, value: { kind: 'text', text } };
  for (const kind of ['event', 'command'] as const) {
    // The text as it is, so that no number is rounded.
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
