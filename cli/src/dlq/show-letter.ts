import type { CommandDecoder } from '@astrolabe/records/serde';
import { parseJson, stringifyJson, type JsonValue } from '@astrolabe/schemas';
import { maxEventDepth, measureValue, skipWhitespace } from '@astrolabe/segment';
import type { Cluster } from '../cluster.ts';
import type { CommandContext } from '../command-context.ts';
import { exitCodes, UsageError, type ExitCode } from '../exit-codes.ts';
import { positionOf, readDeadLetter, type DeadLetter } from './dead-letter.ts';
import { boundsOf, describeBounds, parsePosition } from './letter-position.ts';
import { commandJson, readContent, toExportLine, type LetterContent } from './letter-text.ts';
import { readRedriveLog, type LetterMark } from './redrive-log.ts';

/** One dead letter in full. `at` is `[topic:]partition:offset`, as the other verbs print it. */
export async function showLetter(
  { output, signal, clock }: CommandContext,
  cluster: Cluster,
  decoder: CommandDecoder | undefined,
  at: string,
  topicFlag: string | undefined,
): Promise<ExitCode> {
  const letter = await findLetter(cluster, at, topicFlag, signal);
  const redrives = await readRedriveLog(cluster, signal, clock.nowMs());
  const mark = redrives.find(letter.record);
  const content = await readContent(letter, decoder);
  if (output.isJson) {
    const state = redrives.stateOf(letter.record);
    const decided = mark === undefined ? { state } : { state, redrive: mark };
    output.json(`${JSON.stringify(decided).slice(0, -1)},${toExportLine(letter, content).slice(1)}`);
    return exitCodes.done;
  }
  const { record, code, message, atMs, redriveCount } = letter;
  const entries: [string, string][] = [
    ['position', positionOf(record)],
    ['state', mark === undefined ? 'waiting' : describeMark(mark)],
    ['given up', new Date(atMs).toISOString()],
    ['cause', code],
    ['message', message],
    ['redriven before', String(redriveCount)],
    ['key', record.key?.toString('utf8') ?? '(none)'],
    ...Object.entries(record.headers).map(([name, value]): [string, string] => [
      `header ${name}`,
      value.toString('utf8'),
    ]),
  ];
  const width = Math.max(...entries.map(([name]) => name.length));
  output.result(undefined, [
    ...entries.map(([name, value]) => `${name.padEnd(width)}  ${value}`),
    '',
    ...describeContent(content),
  ]);
  return exitCodes.done;
}

async function findLetter(
  cluster: Cluster,
  at: string,
  topicFlag: string | undefined,
  signal: AbortSignal,
): Promise<DeadLetter> {
  const position = parsePosition(cluster.topics, at, topicFlag);
  const bounds = await boundsOf(cluster, position);
  const { role, topic, partition, offset } = position;
  const found: DeadLetter[] = [];
  if (offset >= bounds.lowWatermark && offset < bounds.highWatermark) {
    await cluster.reader.read({
      topic,
      partition,
      fromOffset: offset,
      endOffset: offset + 1n,
      signal,
      onRecords: (records) => void found.push(...records.map((record) => readDeadLetter(role, record))),
    });
  }
  const [letter] = found;
  if (letter !== undefined) return letter;
  throw new UsageError(`${positionOf({ topic, partition, offset })} is not there; ${describeBounds(bounds)}.`);
}

function describeMark({ kind = 'redriven', at, redriveId, reason }: LetterMark): string {
  return `${kind} at ${at} (${redriveId})${reason === undefined ? '' : `: ${reason}`}`;
}

export function describeContent(content: LetterContent): string[] {
  switch (content.kind) {
    case 'event':
      return isTooDeep(content.text) ? [content.text] : pretty(parseJson(content.text));
    case 'command':
      return pretty(commandJson(content.command));
    case 'text':
      // Marked line by line: a sender's line must not pass for one of ours.
      return ['(not JSON)', ...content.text.split('\n').map((line) => `| ${line}`)];
    case 'bytes':
      return [`(${content.bytes.length} bytes in base64: ${content.reason})`, content.bytes.toString('base64')];
    case 'none':
      return ['(no value)'];
  }
}

/** Deeper than any event may nest: indented it would run out of stack, and each level costs two more spaces in every line. */
function isTooDeep(text: string): boolean {
  const bytes = Buffer.from(text);
  return measureValue(bytes, skipWhitespace(bytes, 0)).depth > maxEventDepth;
}

/** Indented, with whole numbers of any length as they are. */
function pretty(value: JsonValue): string[] {
  return indented(value, '').split('\n');
}

function indented(value: JsonValue, indent: string): string {
  if (typeof value !== 'object' || value === null) return stringifyJson(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    return `[\n${value.map((each: JsonValue) => inner + indented(each, inner)).join(',\n')}\n${indent}]`;
  }
  const members = Object.entries(value as Readonly<Record<string, JsonValue>>);
  if (members.length === 0) return '{}';
  const lines = members.map(([name, member]) => `${inner}${JSON.stringify(name)}: ${indented(member, inner)}`);
  return `{\n${lines.join(',\n')}\n${indent}}`;
}
