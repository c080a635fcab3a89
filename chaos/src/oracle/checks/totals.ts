/**
 * The services' counts against the topics. Each end is counted after it is stored, so what is counted is there; where
 * no process of a service has died, everything that is there is counted too.
 */
import type { Evidence } from '../evidence.ts';
import type { ExpectedRun } from '../expected-run.ts';
import type { Observed, ServiceName } from '../observed.ts';
import { rejectionOf } from '../segment-meaning.ts';
import type { Finding } from '../violation.ts';
import { liveExecutions } from './delivered.ts';

export function* findImbalance(evidence: Evidence): Iterable<Finding> {
  yield* ofIngest(evidence);
  yield* ofMapper(evidence);
  yield* ofDispatcher(evidence);
  yield* ofReadAgain(evidence);
}

function* ofIngest({ sent, observed }: Evidence): Iterable<Finding> {
  const { topics } = observed;
  const totals = new Totals(observed, 'ingest');
  const stored = totals.sum('ingest_events_total', ({ verdict }) => verdict !== 'rejected');
  const rejected = totals.sum('ingest_events_total', ({ verdict }) => verdict === 'rejected');
  const deadLetters = topics.eventDeadLetters.filter(({ source }) => source === undefined).length;
  yield* atMost('ingest', 'events stored', stored, topics.events.length);
  yield* atMost('ingest', 'events rejected', rejected, deadLetters);
  if (!totals.areComplete) return;
  const acknowledged = sent.all().filter(({ end }) => end.kind === 'acknowledged');
  const bad = acknowledged.filter(({ event }) => rejectionOf(event.body) !== undefined).length;
  yield* atLeast('ingest', 'events stored', stored, acknowledged.length - bad);
  yield* atLeast('ingest', 'events rejected', rejected, bad);
}

function* ofMapper({ expected, observed }: Evidence): Iterable<Finding> {
  const totals = new Totals(observed, 'mapper');
  const commands = totals.sum('mapper_commands_total');
  // A commit whose answer was lost is stored and not counted; the mapper counts these commits.
  const unanswered = totals.sum('mapper_unanswered_events_total');
  yield* atMost('mapper', 'commands', commands, observed.topics.commands.length);
  if (totals.areComplete && unanswered === 0)
    yield* atLeast('mapper', 'commands', commands, observed.topics.commands.length);
  for (const [end, wanted] of Object.entries(outcomesOf(expected))) {
    const counted = totals.sum('mapper_events_total', ({ outcome, reason = '' }) => endName(outcome, reason) === end);
    yield* atMost('mapper', `events ${end}`, counted, wanted);
    if (totals.areComplete) yield* atLeast('mapper', `events ${end}`, counted + unanswered, wanted);
  }
  const all = totals.sum('mapper_events_total');
  yield* atMost('mapper', 'events', all, observed.topics.events.length);
}

function* ofDispatcher(evidence: Evidence): Iterable<Finding> {
  const { observed } = evidence;
  const totals = new Totals(observed, 'dispatcher');
  const { commands, commandDeadLetters } = observed.topics;
  const delivered = totals.sum('dispatcher_commands_total', ({ outcome }) => outcome === 'delivered');
  const dead = totals.sum('dispatcher_commands_total', ({ outcome }) => outcome === 'dead-lettered');
  yield* atMost('dispatcher', 'commands delivered', delivered, liveExecutions(evidence).size);
  yield* atMost('dispatcher', 'commands dead-lettered', dead, commandDeadLetters.length);
  if (!totals.areComplete) return;
  yield* atLeast('dispatcher', 'commands ended', totals.sum('dispatcher_commands_total'), commands.length);
}

/** Were the topic not read from its beginning, it would be no wonder that nothing is called for. */
function* ofReadAgain({ observed: { readAgain, topics } }: Evidence): Iterable<Finding> {
  if (readAgain === undefined) return;
  const totals = new Totals(readAgain, 'dispatcher');
  if (!totals.areComplete) return;
  const ended = totals.sum('dispatcher_commands_total');
  yield* atLeast('dispatcher', 'commands read again', ended, topics.commands.length);
}

/** Ends of event records by the model, named as in `Figures`. */
export function outcomesOf({ stored }: Pick<ExpectedRun, 'stored'>): Record<string, number> {
  const outcomes: Record<string, number> = {};
  for (const { meaning } of stored) {
    const reason = meaning.kind === 'skipped' ? meaning.reason : meaning.kind === 'dead-lettered' ? meaning.code : '';
    const end = endName(meaning.kind, reason);
    outcomes[end] = (outcomes[end] ?? 0) + 1;
  }
  return outcomes;
}

function endName(outcome: string | undefined, reason: string): string {
  return reason === '' ? `${outcome}` : `${outcome}: ${reason}`;
}

type Labels = Readonly<Record<string, string>>;

/** Of all lives of all instances of a service. */
export class Totals {
  /** No life has ended before the run, so that nothing can have been stored and not counted. */
  readonly areComplete: boolean;
  readonly #lives: Observed['lives'];

  constructor({ lives }: Pick<Observed, 'lives'>, service: ServiceName) {
    this.#lives = lives.filter((life) => life.service === service);
    this.areComplete = this.#lives.length > 0 && this.#lives.every(({ end }) => end === 'running');
  }

  sum(metric: string, isMeant: (labels: Labels) => boolean = () => true): number {
    return this.#lives
      .flatMap(({ metrics }) => metrics)
      .filter(({ name, labels }) => name === metric && isMeant(labels))
      .reduce((total, { value }) => total + value, 0);
  }
}

function* atMost(service: ServiceName, what: string, counted: number, found: number): Iterable<Finding> {
  if (counted > found) yield imbalance(service, what, `${counted} are counted, and there are ${found}`);
}

function* atLeast(service: ServiceName, what: string, counted: number, found: number): Iterable<Finding> {
  if (counted < found) yield imbalance(service, what, `only ${counted} are counted, and there are ${found}`);
}

function imbalance(service: ServiceName, what: string, detail: string): Finding {
  return { invariant: 'totals-balance', subject: `${service}, ${what}`, detail };
}
