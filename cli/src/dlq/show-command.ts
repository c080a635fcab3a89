/** `astrolabe dlq show`. */
import {
  parseDeadLetterPosition,
  positionOf,
  showDeadLetter,
  toExportLine,
  type Cluster,
  type DecisionMark,
  type ShowOutcome,
} from '@astrolabe/operations';
import type { CommandContext } from '../command-context.ts';
import { exitCodes, UsageError, type ExitCode } from '../exit-codes.ts';
import type { CommonFlags } from '../flags.ts';
import { rangeUsage } from '../refusals.ts';
import { decoderFrom } from '../registry.ts';
import { describeContent } from './describe-content.ts';
import { describeBounds, invalidPosition } from './dlq-refusals.ts';

interface ShowFlags extends CommonFlags {
  readonly topic?: string;
}

type FoundDeadLetter = Extract<ShowOutcome, { kind: 'found' }>;

/** `at` is `[topic:]partition:offset`, as the other verbs print it. */
export async function runShow(context: CommandContext, cluster: Cluster, flags: ShowFlags, at = ''): Promise<ExitCode> {
  const { output, signal } = context;
  const position = parseDeadLetterPosition(cluster.topics, at, flags.topic);
  if (position === undefined) throw invalidPosition(at);
  const shown = await showDeadLetter({ cluster, position, decoder: decoderFrom(context), signal });
  switch (shown.kind) {
    case 'found':
      if (output.isJson) output.json(toJson(shown));
      else output.result(undefined, linesOf(shown));
      return exitCodes.done;
    case 'not-found':
      throw new UsageError(`There is no dead letter at ${positionOf(position)}; ${describeBounds(shown.bounds)}.`);
    default:
      throw rangeUsage(shown);
  }
}

function toJson({ state, mark, deadLetter, content }: FoundDeadLetter): string {
  const decided = mark === undefined ? { state } : { state, redrive: mark };
  return `${JSON.stringify(decided).slice(0, -1)},${toExportLine(deadLetter, content).slice(1)}`;
}

function linesOf({ deadLetter, mark, content }: FoundDeadLetter): string[] {
  const { record, code, message, atMs, redriveCount } = deadLetter;
  const entries: [string, string][] = [
    ['position', positionOf(record)],
    ['state', mark === undefined ? 'waiting' : describeMark(mark)],
    ['dead-lettered', new Date(atMs).toISOString()],
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
  return [...entries.map(([name, value]) => `${name.padEnd(width)}  ${value}`), '', ...describeContent(content)];
}

function describeMark({ kind = 'redriven', at, redriveId, reason }: DecisionMark): string {
  return `${kind} at ${at} (${redriveId})${reason === undefined ? '' : `: ${reason}`}`;
}
