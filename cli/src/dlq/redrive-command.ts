/** `astrolabe dlq redrive`. */
import { randomUUID } from 'node:crypto';
import {
  auditedRedrive,
  leftOver,
  previewRedrive,
  type Cluster,
  type CommandCodec,
  type RedriveOptions,
  type RedrivePreview,
  type RedriveReport,
} from '@astrolabe/operations';
import { formatCounted } from '@astrolabe/operations/quantities';
import { createCommandDecoder, createCommandEncoder } from '@astrolabe/records/serde';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import { withAuditor } from '../audit/audited.ts';
import { isAgreed, type CommandContext } from '../command-context.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import type { ChangeFlags } from '../flags.ts';
import type { Progress } from '../progress.ts';
import { registryFrom } from '../registry.ts';
import { noteCauses, planFromFlags, takenOver, type DecisionFlags } from './plan-from-flags.ts';
import { describeLeft, describeRedrive } from './redrive-lines.ts';

interface RedriveFlags extends ChangeFlags, DecisionFlags {
  readonly rate?: number;
  readonly maxRedrives: number;
  readonly dryRun?: boolean;
}

/** Dead letters that are named on the screen. */
const NAMED = 20;

export async function runRedrive(context: CommandContext, cluster: Cluster, flags: RedriveFlags): Promise<ExitCode> {
  const { clock, signal, note } = context;
  const { plan, request } = await planFromFlags(cluster, flags, clock.nowMs());
  const codec = await commandCodec(context, cluster, flags);
  const { maxRedrives, rate: recordsPerSecond } = flags;
  const options = { cluster, plan, codec, maxRedrives, recordsPerSecond, clock, signal };
  const reading = context.startProgress('reading', 'dead letters');
  const preview = await previewRedrive({ ...options, onEvent: showEvents(reading) }).finally(reading.end);
  noteCauses(context, preview.causes);
  const { waiting, report } = preview;
  if (flags.dryRun === true || waiting === 0) {
    printPreview(context, flags, preview);
    return exitCodes.done;
  }
  for (const { position, reason } of report.untrusted.slice(0, NAMED)) note(`${position}: ${reason}`);
  for (const position of plan.trusted) note(`${position} will be sent as if with the connector's API key`);
  const planned = report.counts.redriven;
  if (planned === 0) {
    // Nothing to agree to, and no other redrive to take over from.
    for (const { position, reason } of report.refusals.slice(0, NAMED)) note(`${position}: ${reason}`);
    return printReport(context, report, randomUUID());
  }
  if (!(await isAgreed(context, flags, `Send ${formatCounted(planned, 'dead letter')} back to the source topics?`))) {
    return exitCodes.failed;
  }
  const sending = context.startProgress('redrive', 'dead letters');
  const outcome = await withAuditor(context, cluster, (auditor) =>
    auditedRedrive(auditor, request, { ...options, onEvent: showEvents(sending) }),
  ).finally(sending.end);
  if (outcome.kind === 'taken-over') throw takenOver();
  return printReport(context, outcome.report, outcome.redriveId);
}

function showEvents(progress: Progress): RedriveOptions['onEvent'] {
  let named = 0;
  return (event) => {
    if (event.kind === 'progress') {
      progress.update(event.progress);
      return;
    }
    named += 1;
    if (named <= NAMED) progress.note(`${event.refusal.position}: ${event.refusal.reason}`);
  };
}

function printPreview({ output }: CommandContext, { dryRun }: RedriveFlags, { waiting, report }: RedrivePreview): void {
  const { redriven: planned, untrusted: _count, ...others } = report.counts;
  output.result(
    {
      dryRun: dryRun === true,
      waiting,
      wouldBeSent: planned,
      ...others,
      untrusted: report.untrusted.map(({ position }) => position),
      missing: report.missing,
    },
    waiting === 0
      ? ['No waiting dead letter is selected.']
      : [
          `${formatCounted(planned, 'dead letter')} would be sent back.`,
          ...describeLeft(report),
          'Nothing was changed.',
        ],
  );
}

function printReport({ output }: CommandContext, report: RedriveReport, redriveId: string): ExitCode {
  const { counts, edited, missing, selected, refusals, untrusted } = report;
  output.result(
    { redriveId, selected, ...counts, edited, missing, refusals: [...refusals, ...untrusted] },
    describeRedrive(report, redriveId),
  );
  return leftOver(report) > 0 ? exitCodes.failed : exitCodes.done;
}

/** The registry is asked only where an edited command may have to be encoded. */
async function commandCodec(
  context: CommandContext,
  { topics }: Cluster,
  { fromFile }: RedriveFlags,
): Promise<CommandCodec> {
  const registry = fromFile === undefined ? undefined : registryFrom(context);
  if (registry === undefined) return { decoder: undefined, encoder: undefined };
  const ids = await registry.commandIds(topics.commands.name).catch((error: unknown) => {
    if (isPipelineError(error, 'registry.schema-missing')) return undefined;
    throw error;
  });
  return {
    decoder: createCommandDecoder(registry),
    encoder: ids === undefined ? undefined : createCommandEncoder(ids),
  };
}
