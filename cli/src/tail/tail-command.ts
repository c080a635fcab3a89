/** `astrolabe tail`: records as they come. */
import { decodeChunk, type DeliveryOutcome } from '@astrolabe/ledger';
import type { ConsumedRecord } from '@astrolabe/records';
import type { CommandDecoder } from '@astrolabe/records/serde';
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
import { toDeliveryJson, toDeliveryLine } from '../trace/describe-delivery.ts';
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

type What = 'events' | 'commands' | 'dead-letters' | 'deliveries';
type Role = RecordRole | 'deliveries';

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
    .addArgument(new Argument('<what>', 'which records').choices(['events', 'commands', 'dead-letters', 'deliveries']))
    .option('--connector <id>', 'of this connector')
    .option('--user <id>', 'about this user')
    .option('--account <id>', 'about this account')
    .option('--type <type>', 'of this type, such as track or UpsertUser')
    .option('--event <name>', 'tracked under this name')
    .addOption(
      new Option('--outcome <outcome>', 'of deliveries: that ended so').choices([
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
  const { outcome, user, account, type, event } = flags;
  if (what !== 'deliveries' && outcome !== undefined) throw new UsageError('--outcome is of deliveries only.');
  if (what === 'deliveries' && [user, account, type, event].some((flag) => flag !== undefined)) {
    throw new UsageError('Deliveries are found by --connector and --outcome; "astrolabe trace" finds those of a user.');
  }
  const cluster = await openCluster(readConfig(clusterConfig, context.env), context);
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

function topicsOf({ topics }: Cluster, what: What): readonly { readonly topic: string; readonly role: Role }[] {
  switch (what) {
    case 'events':
      return [{ topic: topics.segmentEvents.name, role: 'event' }];
    case 'commands':
      return [{ topic: topics.commands.name, role: 'command' }];
    case 'deliveries':
      return [{ topic: topics.deliveries.name, role: 'deliveries' }];
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
): (role: Role, record: ConsumedRecord) => Promise<void> {
  let shown = 0;
  const print = (line: string, json: string): void => {
    // Partitions are read side by side: another one may have been the last.
    if (flags.maxMessages !== undefined && shown >= flags.maxMessages) return;
    shown += 1;
    if (output.isJson) output.json(json);
    else output.lines(flags.full === true ? [line, `  ${json}`] : [line]);
    if (shown === flags.maxMessages) onEnough();
  };
  return async (role, record) => {
    if (role !== 'deliveries') {
      const described = await describeRecord(role, record, decoder);
      if (matches(described, flags)) print(toLine(described), toJsonLine(described));
      return;
    }
    if (record.value === null) return;
    for (const entry of decodeChunk(record.value).deliveries()) {
      if (flags.connector !== undefined && entry.connectorId !== flags.connector) continue;
      if (flags.outcome !== undefined && entry.outcome !== flags.outcome) continue;
      const delivery = { ...entry, topic: record.topic, partition: record.partition };
      print(toDeliveryLine(delivery), toDeliveryJson(delivery));
    }
  };
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
