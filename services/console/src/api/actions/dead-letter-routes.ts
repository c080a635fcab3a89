/** Dead letters that were edited, and their export in the command line's format. */
import {
  auditedRedrive,
  exportDeadLetters,
  leftOver,
  planDecision,
  previewRedrive,
  readExport,
  type CommandCodec,
  type RedriveReport,
} from '@astrolabe/operations';
import { formatCounted } from '@astrolabe/operations/quantities';
import { createCommandDecoder, createCommandEncoder } from '@astrolabe/records/serde';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import type { ApiAnswer, ApiRequest, Route } from '../../routes/route.ts';
import { auditorOf, type ActionContext } from './action-context.ts';
import { LineChannel } from './line-channel.ts';
import type { RecentActions } from './plans/recent-actions.ts';
import { decisionRefusal, refusal } from './refusals.ts';
import { readSelection } from './selection.ts';
import { deadLetterExportQuery, editedBody, jobAnswer, type JobAnswer } from './shapes.ts';
import { z } from 'zod';

const MAX_REDRIVES = 3;

export function deadLetterRoutes(context: ActionContext, recent: RecentActions): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/dead-letters/redrive-edited',
      role: 'replayer',
      action: 'redrive-edited',
      summary: 'Sends dead letters back with the values of export lines that were edited',
      body: editedBody,
      answer: jobAnswer,
      handle: (request) => redriveEdited(context, recent, request),
    },
    {
      method: 'GET',
      path: '/dead-letters/export',
      role: 'replayer',
      summary: 'The dead letters that match, as astrolabe dlq export writes them',
      query: deadLetterExportQuery,
      answer: z.object({ position: z.string() }).loose(),
      answers: 'download',
      handle: (request) => startExport(context, request),
    },
  ];
}

async function redriveEdited(
  context: ActionContext,
  recent: RecentActions,
  { body, caller }: ApiRequest,
): Promise<ApiAnswer> {
  const { lines } = body as { lines: readonly string[] };
  const read = readExport(Buffer.from(lines.map((line) => line.replace(/[\r\n]+/g, ' ')).join('\n')));
  if (read.kind === 'other-encoding') throw new Error('text of JSON cannot be in another encoding');
  if (read.kind === 'invalid') {
    return refusal(422, 'console.selection-refused', `line ${read.line}: ${read.reason}; nothing was changed`);
  }
  const { clock, newId } = context;
  const cluster = await context.cluster();
  const begunAtMs = clock.nowMs();
  const request = { edited: read.deadLetters };
  const planned = await planDecision(cluster, request, begunAtMs);
  if (planned.kind !== 'plan') return decisionRefusal(planned);
  const id = newId();
  const codec = await codecOf(context, cluster.topics.commands.name);
  // Goes on if the client leaves: it has agreed to it.
  const { signal } = new AbortController();
  const options = {
    ...{ cluster, plan: planned.plan, codec, maxRedrives: MAX_REDRIVES, clock, signal },
    onEvent: () => undefined,
  };
  const { report } = await previewRedrive(options);
  if (report.counts.redriven === 0) return nothingSent(report);
  const auditor = await auditorOf(context, caller);
  const outcome = await auditedRedrive(auditor, request, { ...options, recordsPerSecond: undefined, redriveId: id });
  if (outcome.kind === 'taken-over') {
    return refusal(
      409,
      'console.plan-changed',
      'another redrive has begun at the same moment; look again, then try again',
    );
  }
  const answer: JobAnswer = {
    id,
    action: 'redrive-edited',
    state: 'done',
    about: formatCounted(read.deadLetters.length, 'edited dead letter'),
    who: caller.name,
    from: caller.address,
    begunAt: new Date(begunAtMs).toISOString(),
    endedAt: new Date(clock.nowMs()).toISOString(),
    counts: { ...outcome.report.counts, edited: outcome.report.edited, missing: outcome.report.missing.length },
    ...(leftOver(outcome.report) > 0 && { message: whyLeft(outcome.report) }),
  };
  recent.add(answer);
  return { kind: 'json', body: answer };
}

function nothingSent(report: RedriveReport): ApiAnswer {
  const { alreadyRedriven, dismissed } = report.counts;
  if (leftOver(report) === 0 && alreadyRedriven + dismissed > 0) {
    return refusal(409, 'console.plan-changed', 'nothing was sent: the dead letter was redriven or dismissed already');
  }
  return refusal(422, 'console.selection-refused', `nothing was sent: ${whyLeft(report)}`);
}

function whyLeft({ refusals, untrusted, counts, missing, maxRedrives }: RedriveReport): string {
  const [left] = [...refusals, ...untrusted];
  if (left !== undefined) return `${left.position}: ${left.reason}`;
  if (counts.exhausted > 0) return `it was redriven ${formatCounted(maxRedrives, 'time')} already`;
  return `${missing.join(', ')} is no longer on its topic`;
}

async function codecOf({ registry }: ActionContext, topic: string): Promise<CommandCodec> {
  const ids = await registry.commandIds(topic).catch((error: unknown) => {
    if (isPipelineError(error, 'registry.schema-missing')) return undefined;
    throw error;
  });
  return {
    decoder: createCommandDecoder(registry),
    encoder: ids === undefined ? undefined : createCommandEncoder(ids),
  };
}

/** Refused before the download begins, or a download whose lines come as they are read. */
async function startExport(context: ActionContext, { query, signal }: ApiRequest): Promise<ApiAnswer> {
  if (context.isMasked) {
    const message = 'values are masked in this console, so none leaves it in an export; use astrolabe dlq export';
    return refusal(403, 'console.values-masked', message);
  }
  const { all, ...filter } = query as z.infer<typeof deadLetterExportQuery>;
  const read = readSelection(filter);
  if (read.kind === 'refused') return read;
  const channel = new LineChannel(signal);
  const begun = Promise.withResolvers<void>();
  const exporting = exportDeadLetters({
    cluster: await context.cluster(),
    request: read.request,
    withDecided: all === 'true',
    decoder: createCommandDecoder(context.registry),
    clock: context.clock,
    signal,
    onStart: () => begun.resolve(),
    onLine: (line) => channel.put(`${line}\n`),
    onProgress: () => undefined,
  });
  exporting.then(
    () => channel.end(),
    (error: unknown) => channel.fail(error),
  );
  const first = await Promise.race([begun.promise, exporting]);
  if (first !== undefined && first.kind !== 'exported') return decisionRefusal(first);
  return { kind: 'download', fileName: 'dead-letters.ndjson', contentType: 'application/x-ndjson', lines: channel };
}
