/** `astrolabe replay events|commands`: plans a replay, shows what it would do, asks, starts it and follows it. */
import {
  auditedReplayStart,
  forecastReplay,
  isOver,
  planReplay,
  sourceTopicOf,
  type Cluster,
  type ForecastEvent,
  type MissingRecords,
  type PlannedReplay,
  type ReplaySource,
} from '@astrolabe/operations';
import { formatCounted } from '@astrolabe/operations/quantities';
import { readConfig } from '@astrolabe/service-kit';
import { withAuditor } from '../audit/audited.ts';
import { withCluster } from '../cluster.ts';
import { isAgreed, type CommandContext } from '../command-context.ts';
import { replayConfig, type ReplayConfig } from '../config.ts';
import { exitCodes, UsageError, type ExitCode } from '../exit-codes.ts';
import { rangeUsage } from '../refusals.ts';
import { decoderFrom } from '../registry.ts';
import { follow, printFollowed } from './follow.ts';
import { cancelLine, followLine, noReplayLine, toRequest, type ReplayFlags } from './replay-flags.ts';
import { describeForecast, describeMissing, describeSkipped } from './replay-lines.ts';
import { olderLines } from './status-lines.ts';

type Planned = Extract<PlannedReplay, { kind: 'planned' }>;
type Unstarted = Exclude<PlannedReplay, { kind: 'planned' | 'started' | 'nothing-in-range' }>;

const HOUR_MS = 3_600_000;

export async function replayRecords(
  context: CommandContext,
  source: ReplaySource,
  flags: ReplayFlags,
): Promise<ExitCode> {
  const { clock, signal, note } = context;
  const config = readConfig(replayConfig, context.env);
  return withCluster(context, config, async (cluster) => {
    const request = toRequest(source, flags);
    const planned = await planReplay({ cluster, request, id: flags.id, recordsPerSecond: flags.rate, clock, signal });
    switch (planned.kind) {
      case 'planned':
        return run(context, config, cluster, planned, flags);
      case 'started': {
        const { id, startedAtMs } = planned.view.order;
        note(`Replay ${id} was started at ${new Date(startedAtMs).toISOString()}; nothing is started again.`);
        return followToEnd(context, cluster, id, flags, true);
      }
      case 'nothing-in-range':
        tellMissing(context, planned.topic, planned.missing);
        note(`${planned.topic} has no records in this range; nothing was started.`);
        return exitCodes.failed;
      default:
        throw planUsage(planned);
    }
  });
}

function planUsage(refusal: Unstarted): UsageError {
  switch (refusal.kind) {
    case 'no-range': {
      const unknown = refusal.id === undefined ? '' : `${noReplayLine(refusal.id)} `;
      return new UsageError(
        `${unknown}Select part of the topic with --offsets, --to-datetime, --by-duration or --all.`,
      );
    }
    case 'older-version':
      return new UsageError(olderLines(refusal.replay).join('\n'));
    case 'different-request': {
      const { started, differing } = refusal;
      const was = differing.map((name) => {
        const value = started.order.request[name];
        return `${name} was ${value === undefined ? 'not given' : JSON.stringify(value)}`;
      });
      return new UsageError(
        `Replay ${started.order.id} was started with different options: ${was.join(', ')}. Omit them to follow it, or use a new --id.`,
      );
    }
    default:
      return rangeUsage(refusal);
  }
}

async function run(
  context: CommandContext,
  config: ReplayConfig,
  cluster: Cluster,
  planned: Planned,
  flags: ReplayFlags,
): Promise<ExitCode> {
  const { clock, signal, note } = context;
  const { order, missing } = planned;
  const { id, request } = order;
  tellMissing(context, sourceTopicOf(cluster, request), missing);
  // Offsets that were named and are not there. Of a time it is not known whether there was anything.
  const isComplete = missing.every(({ kind }) => kind === 'removed-times');
  const needsForecast = flags.yes !== true && (flags.execute !== true || request.force === true);
  if (flags.dryRun === true || needsForecast) {
    const decided = await forecastAndAsk(context, config, cluster, planned, flags);
    if (decided === 'forecast') return isComplete ? exitCodes.done : exitCodes.failed;
    if (decided === 'no') return exitCodes.failed;
  }
  const { kind } = await withAuditor(context, cluster, (auditor) =>
    auditedReplayStart(auditor, { cluster, order, clock, signal }),
  );
  if (kind === 'exists') throw new Error(`Another program has started a replay ${id} meanwhile; nothing was started.`);
  if (flags.detach === true) {
    context.output.result({ replayId: id }, [`Replay ${id} is started. To follow it: ${followLine(id)}`]);
    return isComplete ? exitCodes.done : exitCodes.failed;
  }
  note(`Replay ${id} is started and goes on without this terminal; Ctrl-C ends the following only.`);
  note(`To follow it again: ${followLine(id)}. To cancel it: ${cancelLine(id)}`);
  return followToEnd(context, cluster, id, flags, isComplete);
}

async function followToEnd(
  context: CommandContext,
  cluster: Cluster,
  id: string,
  { timeout: timeoutMs }: Pick<ReplayFlags, 'timeout'>,
  isComplete: boolean,
): Promise<ExitCode> {
  // A replay that somebody paused does nothing until somebody resumes it.
  const isEnd = (phase: Parameters<typeof isOver>[0]): boolean => isOver(phase) || phase === 'paused';
  return printFollowed(context, id, await follow(context, cluster, { id, isEnd, timeoutMs }), isComplete);
}

function tellMissing({ note }: CommandContext, topic: string, missing: readonly MissingRecords[]): void {
  for (const each of missing) note(describeMissing(topic, each));
}

/** Shows what the replay would do. `forecast`: a dry run ends there. */
async function forecastAndAsk(
  context: CommandContext,
  { ledgerWindowHours }: ReplayConfig,
  cluster: Cluster,
  { order }: Planned,
  flags: ReplayFlags,
): Promise<'forecast' | 'no' | 'yes'> {
  const { clock, signal } = context;
  const { source, force } = order.request;
  const progress = context.startProgress('reading', source);
  const onEvent = (event: ForecastEvent): void => {
    if (event.kind === 'progress') progress.update(event.progress);
    else progress.note(describeSkipped(event.skipped));
  };
  const decoder = decoderFrom(context);
  const ledgerWindowMs = ledgerWindowHours * HOUR_MS;
  const outcome = await forecastReplay({ cluster, order, decoder, ledgerWindowMs, clock, signal, onEvent }).finally(
    progress.end,
  );
  if (outcome.kind === 'needs-registry') {
    throw new UsageError(
      'Counting commands by their content needs a schema registry: set SCHEMA_REGISTRY_URL, or start without counting with --yes.',
    );
  }
  const { forecast } = outcome;
  const lines = describeForecast(forecast, source);
  if (flags.dryRun === true) {
    context.output.result({ dryRun: true, ...forecast }, [...lines, 'Nothing was changed.']);
    return 'forecast';
  }
  lines.forEach(context.note);
  const count = formatCounted(forecast.wouldBeSent, source.slice(0, -1));
  const isForced = force === true;
  const question = isForced ? `Send ${count}, and deliver even what was delivered before?` : `Send ${count} again?`;
  return (await isAgreed(context, isForced ? { needs: '--yes' } : flags, question)) ? 'yes' : 'no';
}
