/** Dry runs of redrives, dismissals and replays, and carrying them out as they were counted. */
import {
  PlanBook,
  auditedReplayStart,
  checkJobPlan,
  checkReplayPlan,
  describeReplay,
  forecastReplay,
  planJob,
  planReplay,
  startedNow,
  type Cluster,
  type JobRequest,
  type Plan,
  type PlannedJob,
  type PlannedReplay,
} from '@astrolabe/operations';
import { createCommandDecoder } from '@astrolabe/records/serde';
import { refusalOfAction } from '../../../core/access/action-policy.ts';
import type { ApiAnswer, ApiRequest, Refusal, Route } from '../../../routes/route.ts';
import { auditedCaller, auditorOf, type ActionContext } from '../action-context.ts';
import { confirmationOf, describeJobPlan, describeReplayPlan, isConfirmed } from './plan-answers.ts';
import type { RecentActions } from './recent-actions.ts';
import { decisionRefusal, rangeRefusal, refusal } from '../refusals.ts';
import { readReplayRequest, readSelection } from '../selection.ts';
import {
  dismissBody,
  executeBody,
  jobAnswer,
  planAnswer,
  redriveBody,
  replayBody,
  type DismissBody,
  type JobAnswer,
  type PlanAnswer,
  type RedriveBody,
  type ReplayBody,
} from '../shapes.ts';
import { toJobAnswer } from './job-answers.ts';

type Order = Extract<PlannedReplay, { kind: 'planned' }>['order'];

type PlanContent =
  | { readonly kind: 'job'; readonly planned: PlannedJob; readonly confirmation: string | undefined }
  | { readonly kind: 'replay'; readonly order: Order; readonly confirmation: string | undefined };

type Executed = { readonly kind: 'accepted'; readonly body: JobAnswer } | Refusal;

export function planRoutes(context: ActionContext, recent: RecentActions): readonly Route[] {
  const plans = new Plans(context, recent);
  return [
    {
      method: 'POST',
      path: '/plans/redrive',
      role: 'replayer',
      action: 'redrive',
      summary: 'Counts what a redrive of the dead letters that match would send back',
      body: redriveBody,
      answer: planAnswer,
      handle: (request) => plans.planRedrive(request, request.body as RedriveBody),
    },
    {
      method: 'POST',
      path: '/plans/dismiss',
      role: 'replayer',
      action: 'dismiss',
      summary: 'Counts the dead letters that match and would be dismissed',
      body: dismissBody,
      answer: planAnswer,
      handle: (request) => plans.planDismissal(request, request.body as DismissBody),
    },
    {
      method: 'POST',
      path: '/plans/replay',
      role: 'replayer',
      action: 'start-replay',
      summary: 'Reads the range of a replay and counts what it would do',
      body: replayBody,
      answer: planAnswer,
      handle: (request) => plans.planReplay(request, request.body as ReplayBody),
    },
    {
      method: 'POST',
      path: '/plans/:id/execute',
      role: 'replayer',
      summary: 'Carries a plan out as it was counted; refused once it has expired or no longer fits',
      body: executeBody,
      answer: jobAnswer,
      answers: 'accepted',
      handle: (request) => plans.execute(request, (request.body as { confirmation?: string }).confirmation),
    },
  ];
}

class Plans {
  readonly #context: ActionContext;
  readonly #recent: RecentActions;
  readonly #book: PlanBook<PlanContent, Executed>;

  constructor(context: ActionContext, recent: RecentActions) {
    this.#context = context;
    this.#recent = recent;
    this.#book = new PlanBook(
      () => context.newId(),
      () => context.clock.nowMs(),
    );
  }

  planRedrive(request: ApiRequest, { maxRedrives, recordsPerSecond, ...selection }: RedriveBody): Promise<ApiAnswer> {
    const read = readSelection(selection);
    if (read.kind === 'refused') return Promise.resolve(read);
    return this.#planJob(request, { kind: 'redrive', decision: read.request, maxRedrives, recordsPerSecond });
  }

  planDismissal(request: ApiRequest, { reason, ...selection }: DismissBody): Promise<ApiAnswer> {
    const read = readSelection(selection);
    if (read.kind === 'refused') return Promise.resolve(read);
    return this.#planJob(request, { kind: 'dismiss', decision: read.request, reason });
  }

  async planReplay({ signal }: ApiRequest, body: ReplayBody): Promise<ApiAnswer> {
    const read = readReplayRequest(body);
    if (read.kind === 'refused') return read;
    const { clock, registry, topics } = this.#context;
    const cluster = await this.#context.cluster();
    const { recordsPerSecond } = body;
    const run = { cluster, clock, signal };
    const planned = await planReplay({ ...run, request: read.request, id: undefined, recordsPerSecond });
    if (planned.kind !== 'planned') return replayRefusal(planned);
    const { order, missing } = planned;
    const outcome = await forecastReplay({
      ...run,
      order,
      decoder: createCommandDecoder(registry),
      ledgerWindowMs: topics.ledgerWindowMs,
      onEvent: () => undefined,
    });
    if (outcome.kind === 'needs-registry') {
      return refusal(422, 'console.selection-refused', 'commands can be counted by content only with a registry');
    }
    const { forecast } = outcome;
    const isForced = order.request.force === true;
    const confirmation = isForced ? order.id : confirmationOf(forecast.wouldBeSent);
    const plan = this.#book.add({ kind: 'replay', order, confirmation });
    const described = describeReplayPlan(order, forecast, missing);
    return { kind: 'json', body: planBody(plan, 'replay', describeReplay(order).about, described) };
  }

  async execute(request: ApiRequest, given: string | undefined): Promise<ApiAnswer> {
    const id = request.params['id'] ?? '';
    const before = this.#book.executed(id);
    if (before !== undefined) return before;
    const found = this.#book.find(id);
    if (found.kind === 'expired') {
      const message = `the plan expired at ${new Date(found.expiredAtMs).toISOString()}, because what was counted may no longer be so; nothing was changed, so count again`;
      return refusal(410, 'console.plan-gone', message);
    }
    if (found.kind === 'unknown') {
      const message =
        'this console does not know the plan: it was restarted since, or another one made it; nothing was changed, so count again';
      return refusal(410, 'console.plan-gone', message);
    }
    const { content } = found.plan;
    const action = content.kind === 'job' ? content.planned.job.kind : 'start-replay';
    const off = refusalOfAction(action, this.#context.policy);
    if (off !== undefined) return off;
    const { confirmation } = content;
    if (!isConfirmed(confirmation, given)) {
      const message = `nothing was changed, because this has to be confirmed: give "confirmation": "${confirmation ?? ''}"`;
      return refusal(422, 'console.confirmation-missing', message);
    }
    const executed = await this.#book.execute(found.plan, (plan) => this.#carryOut(request, plan));
    return executed;
  }

  async #planJob({ signal }: ApiRequest, wanted: JobRequest): Promise<ApiAnswer> {
    const { clock } = this.#context;
    const outcome = await planJob(await this.#context.cluster(), wanted, { clock, signal });
    if (outcome.kind !== 'planned') return decisionRefusal(outcome);
    const { planned } = outcome;
    const confirmation = confirmationOf(planned.forecast.wouldBeDecided);
    const plan = this.#book.add({ kind: 'job', planned, confirmation });
    const described = describeJobPlan(wanted.kind, planned.forecast);
    return { kind: 'json', body: planBody(plan, wanted.kind, planned.described.about, described) };
  }

  /** Goes on if the client leaves meanwhile: what it has agreed to is done. */
  async #carryOut({ caller }: ApiRequest, { id, content }: Plan<PlanContent>): Promise<Executed> {
    const { clock } = this.#context;
    const cluster = await this.#context.cluster();
    const run = { clock, signal: new AbortController().signal };
    if (content.kind === 'replay') return this.#startReplay(cluster, caller, content.order);
    const { planned } = content;
    const check = await checkJobPlan(cluster, planned, run);
    if (check.kind === 'changed') return planChanged(check.reason);
    const { job, described } = planned;
    const jobs = await this.#context.jobs();
    const view = await jobs.submit({ id, action: job.kind, caller: auditedCaller(caller), ...described, job });
    return { kind: 'accepted', body: toJobAnswer(view) };
  }

  async #startReplay(cluster: Cluster, caller: ApiRequest['caller'], order: Order): Promise<Executed> {
    const { clock } = this.#context;
    const check = await checkReplayPlan(cluster, order);
    if (check.kind === 'changed') return planChanged(check.reason);
    const auditor = await auditorOf(this.#context, caller);
    const begunAtMs = clock.nowMs();
    const { signal } = new AbortController();
    const options = { cluster, order: startedNow(order, begunAtMs), clock, signal };
    const { kind } = await auditedReplayStart(auditor, options);
    if (kind === 'exists') return planChanged('another program has started a replay of this id');
    const body: JobAnswer = {
      id: order.id,
      action: 'start-replay',
      state: 'done',
      about: describeReplay(order).about,
      who: caller.name,
      from: caller.address,
      begunAt: new Date(begunAtMs).toISOString(),
      endedAt: new Date(clock.nowMs()).toISOString(),
      message: 'it is started, and goes on by itself',
    };
    this.#recent.add(body);
    return { kind: 'accepted', body };
  }
}

function planBody(
  { id, expiresAtMs, content }: Plan<PlanContent>,
  kind: PlanAnswer['kind'],
  about: string,
  described: Pick<PlanAnswer, 'counts' | 'notes' | 'causes' | 'left'>,
): PlanAnswer {
  const { confirmation } = content;
  return {
    planId: id,
    kind,
    about,
    expiresAt: new Date(expiresAtMs).toISOString(),
    ...(confirmation !== undefined && { confirmation }),
    ...described,
  };
}

function planChanged(reason: string): Refusal {
  const message = `what was counted is no longer so: ${reason}; nothing was changed, so count again`;
  return refusal(409, 'console.plan-changed', message);
}

function replayRefusal(planned: Exclude<PlannedReplay, { kind: 'planned' }>): Refusal {
  switch (planned.kind) {
    case 'nothing-in-range':
      return refusal(422, 'console.selection-refused', `${planned.topic} has no records in this range; choose another`);
    case 'several-starts':
    case 'unknown-partition':
      return rangeRefusal(planned);
    case 'started':
    case 'different-request':
    case 'older-version':
    case 'no-range':
      throw new Error(`a replay of a new id is ${planned.kind}`);
  }
}
