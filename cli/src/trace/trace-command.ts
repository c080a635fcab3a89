/** `astrolabe trace`: where an event, a command or a user has been. */
import { describeHold } from '@astrolabe/kafka';
import { readConfig } from '@astrolabe/service-kit';
import { Option, type Command } from 'commander';
import { openCluster, type Cluster } from '../cluster.ts';
import type { Act, CommandContext } from '../command-context.ts';
import { connectorsConfig, lagConfig } from '../config.ts';
import { openConnectorsDocument } from '../connectors/connectors-document.ts';
import { formatDuration } from '../core/durations.ts';
import { formatCount } from '../core/table.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { addClusterOption, addVerb, readDuration, type CommonFlags } from '../flags.ts';
import { findHolds } from '../lag/find-holds.ts';
import { decoderFrom } from '../registry.ts';
import { toJsonLine, toLine, type DescribedRecord } from '../tail/describe-record.ts';
import { toDeliveryJson, toDeliveryLine } from './describe-delivery.ts';
import { findLedgerEntries, type LedgerEntries } from './find-ledger-entries.ts';
import { traceCommand, traceMessage, traceUser, type Found, type TraceSearch } from './find-stations.ts';
import { searchWindows } from './search-windows.ts';

interface TraceFlags extends CommonFlags {
  readonly as?: 'message' | 'command' | 'user';
  readonly byDuration: number;
  readonly connector?: string;
  readonly full?: boolean;
}

const DAY_MS = 86_400_000;
const DEFAULT_REACH_MS = 7 * DAY_MS;
const COMMAND_ID = /^[0-9a-f]{32}$/;

export function registerTrace(program: Command, act: Act): void {
  addClusterOption(
    addVerb(program, 'trace <id>', 'every station of an event (messageId), a command (its id) or a user', [
      'astrolabe trace node-next-1780000000000-0b8bcd3c-9e5c-4c3c-8d3a-0f6f6d1a2b3c',
      'astrolabe trace --as user u1 --connector acme --by-duration 1d',
    ]),
  )
    .addOption(
      new Option(
        '--as <kind>',
        'what the id is; told by its form and, for a messageId that is not there, by looking for a user',
      ).choices(['message', 'command', 'user']),
    )
    .addOption(
      new Option('--by-duration <duration>', 'how far back').argParser(readDuration).default(DEFAULT_REACH_MS, '7d'),
    )
    .option('--connector <id>', 'of a user; otherwise of every connector in the connectors file')
    .option('--full', 'values as well')
    .action(act((context, flags: TraceFlags, id: string) => trace(context, flags, id)));
}

async function trace(context: CommandContext, flags: TraceFlags, id: string): Promise<ExitCode> {
  const { clock, signal, output } = context;
  const startedAtMs = performance.now();
  const config = readConfig(lagConfig, context.env);
  const cluster = await openCluster(config, context);
  const progress = context.startProgress('searching', 'records');
  const nowMs = clock.nowMs();
  const sinceMs = nowMs - flags.byDuration;
  const search: TraceSearch = {
    cluster,
    decoder: decoderFrom(context),
    signal,
    windows: searchWindows(id, nowMs, sinceMs),
    onProgress: (searched) => progress.update(searched),
  };
  try {
    const found = await find(context, search, flags, id, sinceMs);
    const { stations, searched } = found;
    const groupId = config.kafkaTopicPrefix + config.dispatcherGroupId;
    const entries = await findLedgerEntries(cluster, groupId, stations, signal);
    progress.end();
    let before: number | undefined;
    for (const { timestampMs, line, json, notes } of printable(stations, entries)) {
      const later = before === undefined ? '' : ` (+${formatDuration(timestampMs - before)})`;
      before = timestampMs;
      if (output.isJson) output.json(json);
      else
        output.lines([
          `${line}${later}`,
          ...[...notes, ...(flags.full === true ? [json] : [])].map((each) => `  ${each}`),
        ]);
    }
    const took = formatDuration(performance.now() - startedAtMs);
    context.note(
      stations.length === 0
        ? `Nothing of ${id} is on the topics since ${new Date(sinceMs).toISOString()} (${formatCount(searched)} records searched, ${took}).`
        : `${formatCount(stations.length)} records, ${formatCount(entries.deliveries.length)} deliveries, ${formatCount(searched)} searched, ${took}.`,
    );
    if (stations.length === 0) await noteHolds(context, cluster);
    return stations.length === 0 ? exitCodes.failed : exitCodes.done;
  } finally {
    progress.end();
    await cluster.close();
  }
}

/** What a transaction holds cannot be read, and so not be found. */
async function noteHolds(context: CommandContext, cluster: Cluster): Promise<void> {
  for (const { name } of [cluster.topics.segmentEvents, cluster.topics.commands]) {
    for (const each of await findHolds(context, cluster, name)) {
      context.note(`${name}[${each.partition}] is ${describeHold(each)}: what lies behind it cannot be read yet.`);
    }
  }
}

interface Printable {
  readonly timestampMs: number;
  readonly line: string;
  readonly json: string;
  readonly notes: readonly string[];
}

/** Records and ledger entries in the order of their times. */
function printable(stations: readonly DescribedRecord[], { deliveries, waits }: LedgerEntries): Printable[] {
  const records = stations.map((station): Printable => {
    const wait = waits.get(station);
    const json = toJsonLine(station, wait === undefined ? {} : { waits: wait });
    return { timestampMs: station.timestampMs, line: toLine(station), json, notes: wait === undefined ? [] : [wait] };
  });
  const entries = deliveries.map((delivery): Printable => ({
    timestampMs: delivery.atMs,
    line: toDeliveryLine(delivery),
    json: toDeliveryJson(delivery),
    notes: [],
  }));
  return [...records, ...entries].toSorted((a, b) => a.timestampMs - b.timestampMs);
}

async function find(
  context: CommandContext,
  search: TraceSearch,
  flags: TraceFlags,
  id: string,
  sinceMs: number,
): Promise<Found> {
  const kind = flags.as ?? (COMMAND_ID.test(id) ? 'command' : undefined);
  if (kind === 'command') return traceCommand(search, id);
  if (kind === 'message') return traceMessage(search, id);
  const byMessage = kind === 'user' ? { stations: [], searched: 0 } : await traceMessage(search, id);
  if (byMessage.stations.length > 0) return byMessage;
  const connectors =
    flags.connector === undefined
      ? (await openConnectorsDocument(readConfig(connectorsConfig, context.env).connectorsFile)).connectors.map(
          (each) => each.id,
        )
      : [flags.connector];
  if (connectors.length === 0) return byMessage;
  const byUser = await traceUser(search, id, connectors, sinceMs);
  return { stations: byUser.stations, searched: byMessage.searched + byUser.searched };
}
