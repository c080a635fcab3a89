/** `astrolabe tail`: records as they come. */
import type { CommandDecoder, ConsumedRecord } from '@astrolabe/kafka';
import { decodeChunk, type DeliveryOutcome } from '@astrolabe/ledger';
import { readConfig } from '@astrolabe/service-kit';
import { Argument, Option, type Command } from 'commander';
import { openCluster, spansOf, type Cluster, type PartitionSpan } from '../cluster.ts';
import type { Act, CommandContext } from '../command-context.ts';
import { clusterConfig } from '../config.ts';
import { exitCodes, UsageError, type ExitCode } from '../exit-codes.ts';
import {
  addClusterOption,
  addRangeOptions,
  addVerb,
  readCount,
  readDuration,
  type CommonFlags,
  type RangeFlags,
} from '../flags.ts';
import { decoderFrom } from '../registry.ts';
import { deliveryJson, deliveryLine } from './describe-delivery.ts';
import { describeRecord, toJsonLine, toLine, type DescribedRecord, type RecordRole } from './describe-record.ts';

interface TailFlags extends CommonFlags, RangeFlags {
  readonly connector?: string;
  readonly user?: string;
  readonly account?: string;
  readonly type?: string;
  readonly event?: string;
  readonly outcome?: DeliveryOutcome;
  readonly full?: boolean;
  readonly maxMessages?: number;
  readonly timeout?: number;
}

const kinds = ['events', 'commands', 'dead-letters', 'deliveries'] as const;
type What = (typeof kinds)[number];

/** What is printed of a record: a line for people, and JSON. */
interface Shown {
  readonly line: string;
  readonly json: string;
}

/** Beyond every offset: a read up to there follows the partition. */
const NO_END = 2n ** 62n;

export function registerTail(program: Command, act: Act): void {
  addRangeOptions(
    addClusterOption(
      addVerb(program, 'tail', 'events, commands, dead letters or deliveries as they come, until Ctrl-C', [
        'astrolabe tail events --connector acme --user u1',
        'astrolabe tail dead-letters --by-duration 10m --full',
        'astrolabe tail deliveries --connector acme --outcome dead-lettered',
        'astrolabe tail commands --type UpsertUser --max-messages 10 --json',
      ]),
    ),
  )
    .addArgument(new Argument('<what>', 'which records').choices(kinds))
    .option('--connector <id>', 'of this connector')
    .option('--user <id>', 'about this user')
    .option('--account <id>', 'about this account')
    .option('--type <type>', 'of this type, such as track or UpsertUser')
    .option('--event <name>', 'tracked under this name')
    .addOption(
      new Option('--outcome <outcome>', 'of deliveries: what became of the command').choices([
        'delivered',
        'duplicate',
        'dead-lettered',
      ]),
    )
    .option('--full', 'the value and everything that is known, not one line')
    .addOption(new Option('--max-messages <count>', 'stops after so many').argParser(readCount))
    .addOption(new Option('--timeout <duration>', 'stops after this long').argParser(readDuration))
    .action(act((context, flags: TailFlags, what: What) => tail(context, flags, what)));
}

async function tail(context: CommandContext, flags: TailFlags, what: What): Promise<ExitCode> {
  const { clock, signal } = context;
  assertFilters(flags, what);
  const cluster = await openCluster(readConfig(clusterConfig, context.env));
  const enough = new AbortController();
  const ends = AbortSignal.any([signal, enough.signal]);
  if (flags.timeout !== undefined) {
    clock.sleep(flags.timeout, ends).then(
      () => enough.abort(),
      () => undefined,
    );
  }
  const show = printer(context, flags, decoderFrom(context), () => enough.abort());
  try {
    await Promise.all(
      topicsOf(cluster, what).map(async ({ topic, role }) => {
        const spans = await startsOf(cluster, topic, flags, clock.nowMs());
        await Promise.all(
          spans.map((span) =>
            cluster.reader.read({
              ...span,
              endOffset: flags.untilDatetime === undefined && flags.offsets === undefined ? NO_END : span.endOffset,
              signal: ends,
              onRecords: async (records) => {
                for (const record of records) {
                  if (ends.aborted) return;
                  await show(role, record);
                }
              },
            }),
          ),
        );
      }),
    );
    return exitCodes.done;
  } catch (error) {
    if (ends.aborted) return exitCodes.done;
    throw error;
  } finally {
    enough.abort();
    await cluster.close();
  }
}

function topicsOf(
  { topics }: Cluster,
  what: What,
): readonly { readonly topic: string; readonly role: RecordRole | 'delivery' }[] {
  switch (what) {
    case 'events':
      return [{ topic: topics.segmentEvents.name, role: 'event' }];
    case 'commands':
      return [{ topic: topics.commands.name, role: 'command' }];
    case 'deliveries':
      return [{ topic: topics.deliveries.name, role: 'delivery' }];
    case 'dead-letters':
      return [topics.segmentEventsDeadLetters, topics.commandsDeadLetters].map(({ name }) => ({
        topic: name,
        role: 'dead letter',
      }));
  }
}

/** From the end of each partition, unless a start is asked for. */
async function startsOf(
  cluster: Cluster,
  topic: string,
  flags: RangeFlags,
  nowMs: number,
): Promise<readonly PartitionSpan[]> {
  const hasStart = [flags.toEarliest, flags.toDatetime, flags.byDuration, flags.offsets].some(
    (flag) => flag !== undefined,
  );
  if (flags.offsets !== undefined || flags.untilDatetime !== undefined) return spansOf(cluster, topic, flags, nowMs);
  const spans = hasStart ? await spansOf(cluster, topic, flags, nowMs) : [];
  const started = new Map(spans.map((span) => [span.partition, span]));
  return Promise.all(
    (await cluster.admin.watermarks(topic)).map(async ({ partition }) => {
      const { lastStableOffset } = await cluster.reader.offsets(topic, partition);
      return started.get(partition) ?? { topic, partition, fromOffset: lastStableOffset, endOffset: lastStableOffset };
    }),
  );
}

function printer(
  { output }: CommandContext,
  flags: TailFlags,
  decoder: CommandDecoder | undefined,
  onEnough: () => void,
): (role: RecordRole | 'delivery', record: ConsumedRecord) => Promise<void> {
  let shown = 0;
  return async (role, record) => {
    const found = role === 'delivery' ? showDeliveries(record, flags) : await showRecord(role, record, flags, decoder);
    for (const { line, json } of found) {
      // Partitions are read side by side: another one may have been the last.
      if (flags.maxMessages !== undefined && shown >= flags.maxMessages) return;
      shown += 1;
      if (output.isJson) output.text(json);
      else output.text(flags.full === true ? `${line}\n  ${json}` : line);
      if (shown === flags.maxMessages) onEnough();
    }
  };
}

async function showRecord(
  role: RecordRole,
  record: ConsumedRecord,
  flags: TailFlags,
  decoder: CommandDecoder | undefined,
): Promise<Shown[]> {
  const described = await describeRecord(role, record, decoder);
  return matches(described, flags) ? [{ line: toLine(described), json: toJsonLine(described) }] : [];
}

/** A record of the ledger holds many: all that ended within a few milliseconds. */
function showDeliveries({ topic, partition, value }: ConsumedRecord, { connector, outcome }: TailFlags): Shown[] {
  if (value === null) return [];
  return decodeChunk(value)
    .deliveries()
    .filter(
      (delivery) =>
        (connector === undefined || delivery.connectorId === connector) &&
        (outcome === undefined || delivery.outcome === outcome),
    )
    .map((delivery) => ({ ...delivery, topic, partition }))
    .map((described) => ({ line: deliveryLine(described), json: deliveryJson(described) }));
}

/** The ledger knows of connectors, ids and outcomes only, and a filter that is not heeded would mislead. */
function assertFilters({ user, account, type, event, outcome }: TailFlags, what: What): void {
  const unknown = [user, account, type, event].some((filter) => filter !== undefined);
  if (what === 'deliveries' && unknown) {
    throw new UsageError(
      'Deliveries are told apart by --connector and --outcome only; "astrolabe trace" finds those of a user or an event.',
    );
  }
  if (what !== 'deliveries' && outcome !== undefined) throw new UsageError('--outcome is for deliveries.');
}

function matches(record: DescribedRecord, { connector, user, account, type, event }: TailFlags): boolean {
  return (
    (connector === undefined || record.connectorId === connector) &&
    (user === undefined || record.userId === user) &&
    (account === undefined || record.accountId === account) &&
    (type === undefined || record.type?.toLowerCase() === type.toLowerCase()) &&
    (event === undefined || record.event === event)
  );
}
