/** Runs a replay for `astrolabe replay`: prepares it, shows what it would do, asks, sends, and prints the report. */
import {
  forecastReplay,
  prepareReplay,
  runReplay,
  sourceTopicOf,
  type Cluster,
  type PreparedReplay,
  type ReplayOutcome,
  type ReplayRequest,
  type ReplaySource,
  type ReplaySourceOptions,
  type ReplayState,
} from '@astrolabe/operations';
import { formatCounted } from '@astrolabe/operations/quantities';
import { readConfig } from '@astrolabe/service-kit';
import { errorMessage } from '@astrolabe/service-kit/errors';
import { groupsOf, withCluster } from '../cluster.ts';
import { isAgreed, type CommandContext } from '../command-context.ts';
import { replayConfig, type ReplayConfig } from '../config.ts';
import { exitCodes, UsageError, type ExitCode } from '../exit-codes.ts';
import type { Progress } from '../progress.ts';
import { rangeUsage } from '../refusals.ts';
import { decoderFrom } from '../registry.ts';
import { resumeLine, toRequest, type ReplayFlags } from './replay-flags.ts';
import { describeForecast, describeMissing, describeReport, describeSkipped, stopReason } from './replay-lines.ts';

const HOUR_MS = 3_600_000;

export async function replayRecords(
  context: CommandContext,
  source: ReplaySource,
  flags: ReplayFlags,
): Promise<ExitCode> {
  const config = readConfig(replayConfig, context.env);
  const decoder = decoderFrom(context);
  return withCluster(context, config, async (cluster) => {
    const state = await prepare(context, cluster, toRequest(source, flags), flags, decoder !== undefined);
    const { clock, signal } = context;
    const ledgerWindowMs = config.ledgerWindowHours * HOUR_MS;
    const options: ReplaySourceOptions = { cluster, state, decoder, ledgerWindowMs, clock, signal };
    const { force } = state.request;
    const needsForecast = flags.yes !== true && (flags.execute !== true || force === true);
    if (flags.dryRun === true || needsForecast) {
      const decided = await forecastAndAsk(context, options, flags);
      if (decided !== 'run') return decided;
    }
    return run(context, config, options, flags);
  });
}

async function prepare(
  context: CommandContext,
  cluster: Cluster,
  request: ReplayRequest,
  { id }: ReplayFlags,
  hasRegistry: boolean,
): Promise<ReplayState> {
  const { clock, signal } = context;
  const prepared = await prepareReplay({ cluster, request, id, hasRegistry, clock, signal });
  if (prepared.kind !== 'prepared') throw replayUsage(prepared);
  const topic = sourceTopicOf(cluster, prepared.state.request);
  for (const missing of prepared.missing) context.note(describeMissing(topic, missing));
  return prepared.state;
}

function replayUsage(refusal: Exclude<PreparedReplay, { kind: 'prepared' }>): UsageError {
  switch (refusal.kind) {
    case 'no-range':
      return new UsageError(
        'Select part of the topic with --offsets, --to-datetime, --by-duration or --all; or resume a replay with --id.',
      );
    case 'needs-registry':
      return new UsageError('Filtering commands by their content needs a schema registry: set SCHEMA_REGISTRY_URL.');
    case 'different-request': {
      const { started, differing } = refusal;
      const was = differing.map((name) => {
        const value = started.request[name];
        return `${name} was ${value === undefined ? 'not given' : JSON.stringify(value)}`;
      });
      return new UsageError(
        `Replay ${started.id} was started with different options: ${was.join(', ')}. Omit them to resume, or use a new --id.`,
      );
    }
    default:
      return rangeUsage(refusal);
  }
}

/** Shows what the replay would do; then the exit code of a dry run or a no, or `run`. */
async function forecastAndAsk(
  context: CommandContext,
  options: ReplaySourceOptions,
  flags: ReplayFlags,
): Promise<ExitCode | 'run'> {
  const { request } = options.state;
  const { source } = request;
  const progress = context.startProgress('reading', source);
  const forecast = await forecastReplay({ ...options, onEvent: showEvents(progress) }).finally(progress.end);
  const lines = describeForecast(forecast, request);
  if (flags.dryRun === true) {
    context.output.result({ dryRun: true, ...forecast }, [...lines, 'Nothing was changed.']);
    return exitCodes.done;
  }
  lines.forEach(context.note);
  const count = formatCounted(forecast.wouldBeSent, source.slice(0, -1));
  const isForced = request.force === true;
  const question = isForced ? `Send ${count}, and deliver even what was delivered before?` : `Send ${count} again?`;
  if (await isAgreed(context, isForced ? { needs: '--yes' } : flags, question)) return 'run';
  return exitCodes.failed;
}

async function run(
  context: CommandContext,
  config: ReplayConfig,
  options: ReplaySourceOptions,
  flags: ReplayFlags,
): Promise<ExitCode> {
  const { id, request } = options.state;
  const resume = resumeLine(id, request, flags);
  context.note(`Replay ${id}. To resume it if it is interrupted: ${resume}`);
  const progress = context.startProgress('replay', request.source);
  const { rate, maxOutstanding, timeout } = flags;
  const outcome = await runReplay({
    ...options,
    groups: groupsOf(config),
    limits: { recordsPerSecond: rate, maxOutstanding, stallTimeoutMs: timeout },
    onEvent: showEvents(progress),
  }).finally(progress.end);
  return print(context, outcome, id, resume);
}

function showEvents(progress: Progress): Parameters<typeof runReplay>[0]['onEvent'] {
  return (event) => {
    if (event.kind === 'progress') progress.update(event.progress);
    else progress.note(describeSkipped(event.skipped));
  };
}

function print({ output }: CommandContext, outcome: ReplayOutcome, id: string, resume: string): ExitCode {
  switch (outcome.kind) {
    case 'taken-over':
      throw new Error(`Another run of replay ${id} has started and taken over; this one ends.`);
    case 'ended':
      output.result(outcome.report, describeReport(outcome.report, undefined));
      return exitCodes.done;
    case 'stopped': {
      const { report, stop } = outcome;
      const stopped = { reason: stopReason(stop, report.pending, errorMessage), resume };
      output.result({ ...report, stopped }, describeReport(report, stopped));
      return stop.kind === 'interrupted' ? exitCodes.interrupted : exitCodes.failed;
    }
  }
}
