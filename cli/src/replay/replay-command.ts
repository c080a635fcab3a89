/** `astrolabe replay`: events through the mapper again, or commands through the dispatcher. */
import { randomUUID } from 'node:crypto';
import { readConfig } from '@astrolabe/service-kit';
import { errorMessage } from '@astrolabe/service-kit/errors';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { openCluster, type Cluster } from '../cluster.ts';
import { isAgreed, type Act, type CommandContext } from '../command-context.ts';
import { replayConfig, type ReplayConfig } from '../config.ts';
import { formatCount } from '../core/table.ts';
import { exitCodes, UsageError, type ExitCode } from '../exit-codes.ts';
import {
  addChangeOptions,
  addClusterOption,
  addRangeOptions,
  addVerb,
  readCount,
  readDuration,
  type ChangeFlags,
  type RangeFlags,
} from '../flags.ts';
import { decoderFrom } from '../registry.ts';
import { describeForecast, reportForecast } from './describe-forecast.ts';
import { createKnownDeliveries } from './known-deliveries.ts';
import { needsValue } from './match-record.ts';
import { describeGone } from './describe-gone.ts';
import { forecastReplay, offsetsText, planReplay, readTopicIds } from './plan-replay.ts';
import type { SourceReading } from './read-source.ts';
import { findReplay } from './replay-log.ts';
import { buildReport, describeReport } from './replay-report.ts';
import {
  differencesFrom,
  inTheseTopics,
  type ReplayRequest,
  type ReplaySource,
  type ReplayState,
} from './replay-state.ts';
import { runReplay } from './run-replay.ts';

export interface ReplayFlags extends ChangeFlags, RangeFlags {
  readonly all?: boolean;
  readonly connector?: readonly string[];
  readonly user?: string;
  readonly account?: string;
  readonly type?: string;
  readonly event?: string;
  readonly id?: string;
  readonly force?: boolean;
  readonly includeReplayed?: boolean;
  readonly dryRun?: boolean;
  readonly rate: number;
  readonly maxOutstanding: number;
  readonly timeout: number;
}

const HOUR_MS = 3_600_000;
/** Of a batch of one record, beside the record. */
const BATCH_OVERHEAD_BYTES = 200;
/** What a live pipeline on two cores does not feel (docs/adr/0012). */
const DEFAULT_RATE = 30;
const DEFAULT_OUTSTANDING = 200;
const DEFAULT_PATIENCE_MS = 60_000;

export function registerReplay(program: Command, act: Act): void {
  const replay = program
    .command('replay')
    .description('events or commands through the services again; what was delivered is not delivered again');
  const verb = (source: ReplaySource) => act((context, flags: ReplayFlags) => replayRecords(context, source, flags));
  addReplayOptions(
    addVerb(replay, 'events', 'raw events through the mapper, as after a mapping rule was changed', [
      'astrolabe replay events --by-duration 2h --connector acme --dry-run',
      'astrolabe replay events --to-datetime 2026-03-01T10:00:00Z --until-datetime 2026-03-01T12:00:00Z --execute',
      'astrolabe replay events --id 3f0c9a --execute',
    ]),
  ).action(verb('events'));
  addReplayOptions(
    addVerb(replay, 'commands', 'commands through the dispatcher', [
      'astrolabe replay commands --offsets 0:100-200,1:5- --dry-run',
      'astrolabe replay commands --all --connector acme --rate 500 --execute',
      'astrolabe replay commands --by-duration PT1H --user ada --force --yes',
    ]),
  ).action(verb('commands'));
}

function addReplayOptions(verb: Command): Command {
  return addChangeOptions(addRangeOptions(addClusterOption(verb)))
    .option('--all', 'as --to-earliest')
    .option('--connector <id...>', 'of these connectors')
    .option('--user <id>', 'of this user')
    .option('--account <id>', 'of this account')
    .option('--type <type>', 'of this type of call, or kind of command')
    .option('--event <name>', 'tracked events of this name')
    .addOption(new Option('--id <id>', 'goes on with this replay, or starts one under this name').argParser(readId))
    .option('--dry-run', 'counts what would be done and sends nothing')
    .option('--force', 'delivers anew what was delivered before, once; needs --yes or an answer')
    .option('--include-replayed', 'also the copies that earlier replays wrote')
    .addOption(new Option('--rate <records>', 'a second at most').argParser(readCount).default(DEFAULT_RATE))
    .addOption(
      new Option('--max-outstanding <records>', 'under way at a time, which live traffic may have to wait for')
        .argParser(readCount)
        .default(DEFAULT_OUTSTANDING),
    )
    .addOption(
      new Option('--timeout <duration>', 'gives up waiting when no service has moved for this long')
        .argParser(readDuration)
        .default(DEFAULT_PATIENCE_MS, '1m'),
    );
}

/** It becomes part of a consumer group's name and of a transactional id. */
function readId(text: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text)) {
    throw new InvalidArgumentError('expected up to 64 letters, digits, ".", "_" and "-".');
  }
  return text;
}

async function replayRecords(context: CommandContext, source: ReplaySource, flags: ReplayFlags): Promise<ExitCode> {
  const config = readConfig(replayConfig, context.env);
  const cluster = await openCluster(config, context);
  try {
    return await replayOn(context, config, cluster, source, flags);
  } finally {
    await cluster.close();
  }
}

async function replayOn(
  context: CommandContext,
  config: ReplayConfig,
  cluster: Cluster,
  source: ReplaySource,
  flags: ReplayFlags,
): Promise<ExitCode> {
  const { clock, signal, output } = context;
  const typed = toRequest(source, flags);
  const id = flags.id ?? randomUUID();
  const topic = source === 'events' ? cluster.topics.segmentEvents.name : cluster.topics.commands.name;
  const started = flags.id === undefined ? undefined : await findReplay(cluster, id, signal);
  const state =
    started === undefined
      ? await plan(cluster, topic, typed, id, clock.nowMs())
      : inTheseTopics(checked(started, typed), await readTopicIds(cluster));
  if (started === undefined) for (const line of await describeGone(cluster, topic, typed, state)) context.note(line);
  const { request } = state;
  const decoder = decoderFrom(context);
  if (source === 'commands' && needsValue(request) && decoder === undefined) {
    throw new UsageError('What a command says can be read with a schema registry only: set SCHEMA_REGISTRY_URL.');
  }
  const known = createKnownDeliveries(cluster, config.ledgerWindowHours * HOUR_MS, () => clock.nowMs());
  const maxRecordBytes = (await cluster.admin.maxMessageBytes(topic)) - BATCH_OVERHEAD_BYTES;
  const onPassed = (line: string): void => context.note(line);
  const reading: SourceReading = { cluster, topic, request, decoder, known, maxRecordBytes, onPassed };
  const isForced = request.force === true;
  const isSettled = flags.yes === true || (flags.execute === true && !isForced);
  if (flags.dryRun === true || !isSettled) {
    const forecast = reportForecast(await forecastReplay(context, reading, state), request);
    const lines = describeForecast(forecast, request);
    if (flags.dryRun === true) {
      output.result({ dryRun: true, ...forecast }, [...lines, 'Nothing was changed.']);
      return exitCodes.done;
    }
    for (const line of lines) context.note(line);
    const question = `${isForced ? 'Deliver anew, whatever was delivered before,' : 'Send'} ${formatCount(forecast.wouldBeSent)} ${source} ${isForced ? '' : 'again'}`;
    if (isForced && context.terminal === undefined) {
      throw new UsageError(`${question.trim()}? Nobody can be asked here and nothing was changed: add --yes to do it.`);
    }
    if (!(await isAgreed(context, isForced ? {} : flags, `${question.trim()}?`))) return exitCodes.failed;
  }
  const resume = resumeLine(id, request, flags);
  context.note(`Replay ${id}; if it is cut short: ${resume}`);
  const end = await runReplay({
    context,
    reading,
    topicPrefix: config.kafkaTopicPrefix,
    groups: {
      mapper: config.kafkaTopicPrefix + config.mapperGroupId,
      dispatcher: config.kafkaTopicPrefix + config.dispatcherGroupId,
    },
    initial: state,
    recordsPerSecond: flags.rate,
    maxOutstanding: flags.maxOutstanding,
    patienceMs: flags.timeout,
  });
  const { tally, counts, pending, failure } = end;
  const report = buildReport({
    id,
    source,
    counts,
    commandEnds: tally.commands,
    eventEnds: tally.events,
    commandsSeen: tally.commandsSeen,
    pending,
    stopped: failure === undefined ? undefined : { reason: errorMessage(failure), resume },
  });
  output.result(report, describeReport(report));
  if (failure === undefined) return exitCodes.done;
  return signal.aborted ? exitCodes.interrupted : exitCodes.failed;
}

/** What was asked for is in the replay's record; how fast is asked for each run. */
function resumeLine(id: string, { source, force }: ReplayRequest, flags: ReplayFlags): string {
  const { rate, maxOutstanding, timeout } = flags;
  return [
    `astrolabe replay ${source} --id ${id}`,
    ...(rate === DEFAULT_RATE ? [] : [`--rate ${rate}`]),
    ...(maxOutstanding === DEFAULT_OUTSTANDING ? [] : [`--max-outstanding ${maxOutstanding}`]),
    ...(timeout === DEFAULT_PATIENCE_MS ? [] : [`--timeout ${timeout}ms`]),
    force === true ? '--yes' : '--execute',
  ].join(' ');
}

function toRequest(source: ReplaySource, flags: ReplayFlags): ReplayRequest {
  const { toDatetime, byDuration, untilDatetime, offsets, connector, user, account, type, event } = flags;
  const typed = {
    source,
    toEarliest: flags.all === true || flags.toEarliest === true ? true : undefined,
    toDatetime,
    byDuration,
    untilDatetime,
    offsets: offsets === undefined ? undefined : offsetsText(offsets),
    connector: connector?.toSorted(),
    user,
    account,
    type,
    event,
    force: flags.force,
    includeReplayed: flags.includeReplayed,
  };
  return Object.fromEntries(
    Object.entries(typed).filter(([, value]) => value !== undefined),
  ) as unknown as ReplayRequest;
}

async function plan(
  cluster: Cluster,
  topic: string,
  request: ReplayRequest,
  id: string,
  nowMs: number,
): Promise<ReplayState> {
  const { toEarliest, toDatetime, byDuration, untilDatetime, offsets } = request;
  if ([toEarliest, toDatetime, byDuration, untilDatetime, offsets].every((flag) => flag === undefined)) {
    throw new UsageError(
      'Say which part of the topic: --offsets, --to-datetime, --by-duration or --all; or --id of a replay that was started.',
    );
  }
  return planReplay(cluster, topic, request, id, nowMs);
}

function checked(started: ReplayState, typed: ReplayRequest): ReplayState {
  const differing = differencesFrom(started.request, typed);
  if (differing.length === 0) return started;
  const before = started.request as unknown as Readonly<Record<string, unknown>>;
  const was = differing.map((name) => {
    const value = before[name];
    return `${name} was ${value === undefined ? 'not given' : JSON.stringify(value)}`;
  });
  throw new UsageError(
    `Replay ${started.id} was started otherwise: ${was.join(', ')}. Leave these out to go on with it, or take another --id.`,
  );
}
