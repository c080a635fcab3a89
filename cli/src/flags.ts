/** Flags that several verbs take, parsed into values; what cannot be parsed ends with exit code 2 and the reason. */
import { parseOffsetRanges, type OffsetRange, type RangeRequest } from '@astrolabe/operations';
import { parseTimestamp } from '@astrolabe/segment';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { parseDuration } from './core/durations.ts';

export interface CommonFlags {
  readonly json?: boolean;
  readonly bootstrapServer?: string;
}

export interface ChangeFlags extends CommonFlags {
  readonly execute?: boolean;
  readonly yes?: boolean;
}

/** Starts are the reset options of kafka-consumer-groups; the ends are ours, since it has none. */
export type RangeFlags = RangeRequest;

export const jsonOption = (): Option => new Option('--json', 'print JSON, one object per line');

/** A verb with examples in its help. */
export function addVerb(
  parent: Command,
  nameAndArguments: string,
  description: string,
  examples: readonly string[],
): Command {
  const verb = parent.command(nameAndArguments).description(description).addOption(jsonOption());
  const lines = examples.map((example) => `  ${example}`);
  return verb.addHelpText('after', ['', examples.length === 1 ? 'Example:' : 'Examples:', ...lines].join('\n'));
}

export function addClusterOption(verb: Command): Command {
  return verb.option('--bootstrap-server <host:port,...>', 'brokers to use instead of KAFKA_BROKERS');
}

export function addChangeOptions(verb: Command): Command {
  return verb.option('--execute', 'make the change without asking').option('--yes', 'same as --execute');
}

export function addRangeOptions(verb: Command): Command {
  return verb
    .option('--to-earliest', 'start at the beginning')
    .addOption(
      new Option('--to-datetime <time>', 'start at this time, such as 2026-03-01T10:00:00Z').argParser(readDatetime),
    )
    .addOption(
      new Option('--by-duration <duration>', 'start this long ago, such as PT1H or 15m').argParser(readDuration),
    )
    .addOption(new Option('--until-datetime <time>', 'stop before this time').argParser(readDatetime))
    .addOption(
      new Option('--offsets <ranges>', 'only these offsets of each partition, such as 0:100-200,1:5-').argParser(
        readOffsets,
      ),
    );
}

export function readDuration(text: string): number {
  const durationMs = parseDuration(text);
  if (durationMs === undefined) throw new InvalidArgumentError('expected a duration such as PT1H, P7D, 15m or 1h30m.');
  return durationMs;
}

/** Epoch milliseconds. Without an offset the time is UTC, as in Kafka's own tools. */
export function readDatetime(text: string): number {
  const timestampMs = parseTimestamp(text);
  if (timestampMs === undefined) throw new InvalidArgumentError('expected a time such as 2026-03-01T10:00:00Z.');
  return timestampMs;
}

export function readOffsets(text: string): readonly OffsetRange[] {
  const parsed = parseOffsetRanges(text);
  if (parsed.kind === 'invalid') throw new InvalidArgumentError(`${parsed.reason}.`);
  return parsed.ranges;
}

/** A whole number of at least 1. */
export function readCount(text: string): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (count < 1) throw new InvalidArgumentError('expected a whole number, 1 or more.');
  return count;
}

/** A whole number, 0 included. */
export function readWholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('expected a whole number.');
  return Number(text);
}
