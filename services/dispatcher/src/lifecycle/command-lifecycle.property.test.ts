/**
 * Commands through whatever may happen to them, in any order: each goes the way that the table of states allows, to one
 * end.
 */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { LaneTask, ReplayMark } from '@astrolabe/processing';
import type { ConsumedRecord } from '@astrolabe/records';
import { PipelineError, type ErrorCode } from '@astrolabe/service-kit/errors';
import fc from 'fast-check';
import type { ApiCallReceiver, ApiClient } from '../calls/api-client.ts';
import type { ApiRequest } from '../core/api-request.ts';
import type { ApiOutcome } from '../core/classify-response.ts';
import { assertMayEnter, commandStates, type CommandState } from '../core/command-states.ts';
import { upsertUser } from '../testing/commands.ts';
import { answer } from '../testing/scripted-api.ts';
import { createHandler, createSession, rawRecord, recordOf, turn } from '../testing/scripted-handler.ts';
import type { DeliveryLedger, DeliveryRecord, PriorAttempts } from './delivery-ledger.ts';
import { InFlightCommand } from './in-flight-command.ts';

const statuses = [200, 200, 200, 400, 401, 404, 413, 429, 501, 503, 'reset', 'unreadable'] as const;
const connectors = ['acme', 'acme', 'acme', 'off', 'nobody'] as const;

const event = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('start' as const),
      message: fc.nat({ max: 2 }),
      connector: fc.constantFrom(...connectors),
      isReadable: fc.constantFrom(true, true, true, false),
      isReplayed: fc.constantFrom(false, false, true),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('answer' as const),
      pick: fc.nat(),
      status: fc.constantFrom(...statuses),
      itemStatus: fc.constantFrom(...statuses),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('withdraw' as const, 'abort' as const), pick: fc.nat() }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('ledger acknowledges' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('ledger fails' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('ledger is unreadable' as const, 'registry' as const, 'registry' as const),
      isAway: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('dead letters' as const),
      fault: fc.constantFrom<ErrorCode | undefined>(undefined, 'kafka.unavailable', 'kafka.request-refused'),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('turn' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('edit' as const), to: fc.constantFrom('on', 'off', 'removed') }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.constantFrom(1, 50, 2_000, 90_000) }),
  },
);
type Event = typeof event extends fc.Arbitrary<infer Value> ? Value : never;

/** An API that answers when the test says so. */
class PendingCalls implements ApiClient {
  readonly #pending = new Set<{ readonly request: ApiRequest; readonly receiver: ApiCallReceiver }>();

  call(request: ApiRequest, _apiKey: string, receiver: ApiCallReceiver) {
    const call = { request, receiver };
    this.#pending.add(call);
    return { abort: () => void this.#pending.delete(call) };
  }

  get size(): number {
    return this.#pending.size;
  }

  /** Of one of the calls; `itemStatus` is that of the last command of a bulk call which is answered as such. */
  answer(pick: number, status: (typeof statuses)[number], itemStatus: (typeof statuses)[number]): void {
    const call = [...this.#pending][pick % Math.max(1, this.#pending.size)];
    if (call === undefined) return;
    this.#pending.delete(call);
    const { idempotencyKey, body } = call.request;
    if (idempotencyKey !== undefined || status !== 200) return call.receiver.onOutcome(outcomeOf(status));
    const { commands } = JSON.parse(body ?? '') as { readonly commands: readonly { readonly id: string }[] };
    const last = commands.length - 1;
    const statusAt = (index: number) => (index === last && typeof itemStatus === 'number' ? itemStatus : 200);
    call.receiver.onOutcome(
      answer(200, { results: commands.map(({ id }, index) => ({ id, status: statusAt(index) })) }),
    );
  }

  close = () => Promise.resolve();
}

function outcomeOf(status: (typeof statuses)[number]): ApiOutcome {
  if (status === 'reset') return { kind: 'no-response', reason: 'connection', message: 'reset' };
  if (status === 'unreadable') return { kind: 'response', status: 200, headers: {}, body: '{' };
  return answer(status, {}, { 'retry-after': '1' });
}

/** A ledger that acknowledges in batches, when the test says so. */
class BatchLedger implements DeliveryLedger {
  readonly #records = new Map<string, DeliveryRecord>();
  readonly #attempts = new Map<string, PriorAttempts>();
  #batch = Promise.withResolvers<void>();
  isUnreadable = false;

  lookup(commandId: string): DeliveryRecord | undefined {
    if (this.isUnreadable) throw new Error('the disk failed');
    return this.#records.get(commandId);
  }

  attempts(commandId: string): PriorAttempts | undefined {
    return this.#attempts.get(commandId);
  }

  recordAttempts(attempts: PriorAttempts): void {
    this.#attempts.set(attempts.commandId, attempts);
  }

  record(delivery: DeliveryRecord): Promise<void> {
    this.#records.set(delivery.commandId, delivery);
    return this.#batch.promise;
  }

  acknowledge(): void {
    this.#batch.resolve();
    this.#batch = Promise.withResolvers<void>();
  }

  fail(): void {
    this.#batch.promise.catch(() => undefined);
    this.#batch.reject(new Error('the disk failed'));
    this.#batch = Promise.withResolvers<void>();
  }
}

/** A record in a lane of its own, and what the lifecycle told of it. */
class Task {
  readonly record: ConsumedRecord;
  readonly connectorId: string;
  readonly replay: ReplayMark | undefined;
  readonly told: string[] = [];
  state: InFlightCommand | undefined = undefined;

  constructor(record: ConsumedRecord, connectorId: string, isReplayed: boolean) {
    this.record = record;
    this.connectorId = connectorId;
    this.replay = isReplayed ? { replayId: 'r1', startedAtMs: 0, isOfOwnTopic: true } : undefined;
  }

  get offset(): bigint {
    return this.record.offset;
  }

  waits(): void {
    // No live record of its key comes.
  }

  release(): void {
    this.told.push('released');
  }

  finish(): void {
    this.told.push('finished');
  }

  fail(fault: unknown): void {
    this.told.push(`failed: ${String(fault)}`);
  }
}

class World {
  readonly calls = new PendingCalls();
  readonly ledger = new BatchLedger();
  readonly tasks: Task[] = [];
  readonly #given = new Set<Task>();
  readonly #nextTurn: (() => void)[] = [];
  #registryIsAway = false;
  readonly #handler = createHandler({
    apiClient: this.calls,
    ledger: this.ledger,
    inNextTurn: (run) => void this.#nextTurn.push(run),
    maxConcurrentCalls: 3,
    failuresToOpen: 3,
    bulk: { maxCommands: 3, maxBytes: 10_000, lingerMs: 5 },
    decoderFault: () =>
      this.#registryIsAway
        ? new PipelineError('registry.unavailable', 'connection refused', { retryable: true })
        : undefined,
  });
  readonly #lifecycle = this.#handler.lifecycleOf(createSession([]));

  async happen(event: Event): Promise<void> {
    switch (event.kind) {
      case 'start':
        return this.#start(event);
      case 'answer':
        return this.calls.answer(event.pick, event.status, event.itemStatus);
      case 'withdraw':
      case 'abort':
        return this.#giveUp(event.kind, event.pick);
      case 'ledger acknowledges':
        return this.ledger.acknowledge();
      case 'ledger fails':
        return this.ledger.fail();
      case 'ledger is unreadable':
        this.ledger.isUnreadable = event.isAway;
        return;
      case 'registry':
        this.#registryIsAway = event.isAway;
        return;
      case 'dead letters': {
        const { fault: code } = event;
        const isAway = code === 'kafka.unavailable';
        this.#handler.log.failWith(code && new PipelineError(code, 'no', { retryable: isAway }));
        return;
      }
      case 'edit':
        return this.#edit(event.to);
      case 'time':
        return this.#handler.clock.advance(event.ms);
      case 'turn':
        for (const run of this.#nextTurn.splice(0)) run();
        return;
    }
  }

  /** Everything works from here on, until each command has come to its end. */
  async end(): Promise<void> {
    this.#registryIsAway = false;
    this.ledger.isUnreadable = false;
    this.#handler.log.failWith(undefined);
    this.#edit('on');
    for (let round = 0; round < 200 && this.#underWay().length > 0; round += 1) {
      while (this.calls.size > 0) this.calls.answer(0, 200, 200);
      await this.happen({ kind: 'turn' });
      this.ledger.acknowledge();
      await this.#handler.clock.advance(5_000);
      await turn();
    }
    assert.deepEqual(this.#underWay(), []);
  }

  #start({ message, connector, isReadable, isReplayed }: Event & { kind: 'start' }): void {
    const offset = BigInt(this.tasks.length);
    const command = upsertUser({ connectorId: connector, messageId: `m-${message}` });
    const record = isReadable ? recordOf(command, offset) : rawRecord(Buffer.from('?'), offset);
    const task = new Task(record, connector, isReplayed);
    this.tasks.push(task);
    this.#lifecycle.start(task as unknown as LaneTask<InFlightCommand>);
  }

  /** As the lane does: only what it started and was not told the end of. */
  #giveUp(how: 'withdraw' | 'abort', pick: number): void {
    const candidates = this.tasks.filter((task) => task.told.length === 0 && !this.#given.has(task));
    const task = candidates[pick % Math.max(1, candidates.length)];
    if (task === undefined) return;
    const laneTask = task as unknown as LaneTask<InFlightCommand>;
    if (how === 'abort') this.#lifecycle.abort(laneTask);
    if (how === 'abort' || this.#lifecycle.withdraw(laneTask)) this.#given.add(task);
  }

  #edit(to: string): void {
    this.#handler.editAcme(to === 'removed' ? undefined : { enabled: to === 'on' });
  }

  #underWay(): string[] {
    return this.tasks.map(({ state }) => state?.state ?? 'none').filter((state) => !endings.includes(state));
  }

  /** What the lane was told of each record fits the end that it came to. */
  check(): void {
    for (const { state, told } of this.tasks) {
      const whole = told.join(', ');
      if (state?.state === 'finished') assert.match(whole, /^(?:released, )?finished$/);
      else if (state?.state === 'failed')
        assert.match(whole, /^(?:released, )?failed: (?:Error: the disk failed|PipelineError: no)$/);
      else assert.equal(whole, '', 'of a record that the lane gave up it hears no more');
    }
  }
}

const endings: readonly string[] = ['finished', 'cancelled', 'failed'];

/** Each transition that a command makes, counted; and none that the table does not allow. */
function countTransitions(t: TestContext): Map<string, number> {
  const counts = new Map<string, number>();
  const enter = InFlightCommand.prototype.enter;
  t.mock.method(InFlightCommand.prototype, 'enter', function (this: InFlightCommand, state: CommandState) {
    const transition = `${this.state} to ${state}`;
    counts.set(transition, (counts.get(transition) ?? 0) + 1);
    assertMayEnter(this.state, state);
    enter.call(this, state);
  });
  return counts;
}

test('whatever happens in whatever order, commands go the ways of the table only, every way of it is gone, and each record has one end', async (t) => {
  const counts = countTransitions(t);
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 20, maxLength: 80 }), async (events) => {
      const world = new World();
      for (const each of events) {
        await world.happen(each);
        await turn();
      }
      await world.end();
      world.check();
    }),
    { numRuns: 400 },
  );
  const ways = Object.entries(commandStates).flatMap(([from, { next }]) => next.map((to) => `${from} to ${to}`));
  // Only a fault in the dispatcher itself: the test below.
  const expected = ways.filter((way) => way !== 'calling to failed');
  assert.deepEqual([...counts.keys()].sort(), expected.sort());
});

test('an answer that cannot be handled stops the partition before its record', async (t) => {
  const { script, run, deadLetters, metrics, effects } = createHandler();
  t.mock.method(metrics.commands, 'inc', () => {
    throw new Error('a fault in the dispatcher');
  });
  script.push(answer(200));
  await assert.rejects(run(recordOf(upsertUser())), /a fault in the dispatcher/);
  assert.deepEqual(deadLetters(), []);
  assert.ok(!effects.some((effect) => effect.startsWith('done')));
});
