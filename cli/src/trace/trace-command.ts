/** `astrolabe trace`: where an event, a command or a user has been. */
import { readConfig } from '@astrolabe/service-kit';
import { Option, type Command } from 'commander';
import { openCluster } from '../cluster.ts';
import type { Act, CommandContext } from '../command-context.ts';
import { connectorsConfig, lagConfig } from '../config.ts';
import { openConnectorsDocument } from '../connectors/connectors-document.ts';
import { formatDuration } from '../core/durations.ts';
import { formatCount } from '../core/table.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { addClusterOption, addVerb, readDuration, type CommonFlags } from '../flags.ts';
import { decoderFrom } from '../registry.ts';
import { describeStations, type Station } from './describe-stations.ts';
import { findEndings } from './find-endings.ts';
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
  const { clock, signal } = context;
  const startedAtMs = performance.now();
  const config = readConfig(lagConfig, context.env);
  const cluster = await openCluster(config);
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
    const { stations, searched } = await find(context, search, flags, id, sinceMs);
    const groupId = config.kafkaTopicPrefix + config.dispatcherGroupId;
    const endings = await findEndings(cluster, groupId, stations, signal);
    progress.end();
    print(context, flags, describeStations(stations, endings, cluster.topics));
    const took = formatDuration(performance.now() - startedAtMs);
    context.note(
      stations.length === 0
        ? `Nothing of ${id} is on the topics since ${new Date(sinceMs).toISOString()} (${formatCount(searched)} records searched, ${took}).`
        : `${formatCount(stations.length)} records, ${formatCount(endings.deliveries.length)} deliveries, ${formatCount(endings.waiting.length)} waiting; ${formatCount(searched)} records searched, ${took}.`,
    );
    return stations.length === 0 ? exitCodes.failed : exitCodes.done;
  } finally {
    progress.end();
    await cluster.close();
  }
}

/** Each line ends with the time since the one before. */
function print({ output }: CommandContext, { full }: TraceFlags, stations: readonly Station[]): void {
  let before: number | undefined;
  for (const { atMs, line, json } of stations) {
    const later = before === undefined || atMs === undefined ? '' : ` (+${formatDuration(atMs - before)})`;
    before = atMs ?? before;
    if (output.isJson) output.text(json);
    else output.text(`${line}${later}${full === true ? `\n  ${json}` : ''}`);
  }
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
