/**
 * Live records and replays of the same partition together, as a service joins them, against the definition: each key in
 * order within its class, one call of a key at a time, a live record never behind a replayed one that was not called
 * for, and a live offset that no replay holds.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConsumedRecord } from '@astrolabe/records';
import { consumedRecord } from '@astrolabe/records/testing';
import fc from 'fast-check';
import type { LaneProcessor } from '../lane-handler.ts';
import { nothingLags } from '../../testing/promised-handler.ts';
import { createLaneProcessor } from '../lane-processor.ts';
import type { LaneTask } from '../lane-task.ts';
import type { ReplayedRecords } from './replayed-records.ts';

const WINDOW = 4;
const KEYS = ['a', 'b'] as const;

type Outcome = 'known' | 'delivered' | 'cancelled' | 'filteredOut';

type Step =
  | { readonly kind: 'append'; readonly keys: readonly number[] }
  | { readonly kind: 'fetch' }
  /** A replay of all that is there: forced, or for what the ledger does not have. */
  | { readonly kind: 'order'; readonly isForced: boolean; readonly skips: number }
  | { readonly kind: 'take'; readonly pick: number; readonly count: number }
  | { readonly kind: 'publish'; readonly pick: number }
  | { readonly kind: 'cancel' | 'pause'; readonly pick: number }
  | { readonly kind: 'call' | 'store'; readonly pick: number }
  | { readonly kind: 'answer'; readonly pick: number; readonly as: 'success' | 'failure' | 'lost' }
  | { readonly kind: 'turn' }
  | { readonly kind: 'restart'; readonly crash: boolean };

const pick = fc.nat();
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .array(fc.nat(KEYS.length - 1), { minLength: 1, maxLength: 4 })
      .map((keys): Step => ({ kind: 'append', keys })),
  },
  { weight: 4, arbitrary: fc.constant<Step>({ kind: 'fetch' }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('order' as const), isForced: fc.boolean(), skips: fc.nat(3) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('take' as const), pick, count: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('publish' as const), pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('cancel' as const, 'pause' as const), pick }) },
  { weight: 7, arbitrary: fc.record({ kind: fc.constantFrom('call' as const, 'store' as const), pick }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('answer' as const),
      pick,
      as: fc.constantFrom('success' as const, 'success' as const, 'failure' as const, 'lost' as const),
    }),
  },
  { weight: 2, arbitrary: fc.constant<Step>({ kind: 'turn' }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), crash: fc.boolean() }) },
);

interface State {
  stage: 'waiting' | 'calling' | 'storing' | 'over';
  outcome: Outcome;
}
type Task = LaneTask<State>;

/** What outlives a process. */
interface Stored {
  readonly nextOffset: bigint;
  readonly counts: ReadonlyMap<Outcome, number>;
}

class Replay {
  readonly id: string;
  readonly isForced: boolean;
  readonly endOffset: bigint;
  /** Each so many is left out by its filter. */
  readonly skips: number;
  isCancelled = false;
  stored: Stored = { nextOffset: 0n, counts: new Map() };
  counts = new Map<Outcome, number>();
  line: ReplayedRecords<Outcome> | undefined;
  isPausing = false;

  constructor(id: string, isForced: boolean, skips: number, endOffset: bigint) {
    this.id = id;
    this.isForced = isForced;
    this.skips = skips;
    this.endOffset = endOffset;
  }

  isSkipped(offset: bigint): boolean {
    return this.skips > 0 && Number(offset) % this.skips === 0;
  }

  publish(): void {
    if (this.line !== undefined) this.stored = { nextOffset: this.line.doneTo, counts: new Map(this.counts) };
  }

  get read(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

class System {
  readonly log: ConsumedRecord[] = [];
  /** Durable: what the ledger has, and the effects of the API, by id. */
  readonly ledger = new Set<string>();
  readonly effects = new Set<string>();
  readonly replays: Replay[] = [];
  readonly faults: unknown[] = [];
  overtaken = 0;
  committed = 0n;
  #due = 0n;
  #remembered = new Set<string>();
  #tasks: Task[] = [];
  #started = new Set<bigint>();
  #fetched = 0n;
  #abort = new AbortController();
  #processor = this.#open();

  #open(): LaneProcessor<State> {
    const tasks = this.#tasks;
    this.#fetched = this.committed;
    return createLaneProcessor<State>({
      session: {
        topic: 't',
        partition: 0,
        topicId: undefined,
        epoch: 1,
        signal: this.#abort.signal,
        storeOffset: (nextOffset) => {
          this.#due = nextOffset;
        },
        pause: () => undefined,
        resume: () => undefined,
        fail: (fault) => void this.faults.push(fault),
      },
      laneOf: ({ key }) => String(key),
      connectorOf: ({ key }) => String(key),
      handler: {
        start: (task) => {
          const id = this.#idOf(task);
          if (task.replay === undefined) this.#started.add(task.offset);
          task.state = { stage: 'waiting', outcome: 'delivered' };
          if (this.ledger.has(id)) {
            task.state = { stage: 'over', outcome: 'known' };
            return task.finish();
          }
          tasks.push(task);
          if (!this.#remembered.has(id)) return;
          task.state.stage = 'storing';
          task.release();
        },
        withdraw: (task) => {
          if (task.state?.stage !== 'waiting') return false;
          task.state.stage = 'over';
          if (task.replay !== undefined) this.overtaken += 1;
          return true;
        },
        abort: (task) => {
          if (task.state !== undefined) task.state.stage = 'over';
        },
        isBlocked: () => false,
      },
      limits: {
        maxRecords: 1_000,
        maxBytes: 1_000_000,
        windowRecords: 3,
        windowBytes: 1_000_000,
        maxHoldMs: Infinity,
        maxLaggingConnectors: 0,
      },
      ...nothingLags,
    });
  }

  #idOf({ offset, replay }: Task): string {
    const forced = this.replays.find(({ id, isForced }) => isForced && id === replay?.replayId);
    return forced === undefined ? `${offset}` : `${forced.id}:${offset}`;
  }

  #in(stage: State['stage']): Task[] {
    return this.#tasks.filter((task) => task.state?.stage === stage);
  }

  #picked<Item>(items: readonly Item[], pick: number): Item | undefined {
    return items[pick % Math.max(1, items.length)];
  }

  async do(step: Step): Promise<void> {
    switch (step.kind) {
      case 'append':
        for (const key of step.keys) {
          this.log.push(consumedRecord({ offset: BigInt(this.log.length), key: Buffer.from(KEYS[key] ?? '') }));
        }
        return;
      case 'fetch':
        return this.#fetch();
      case 'order': {
        if (this.replays.length >= 3 || this.log.length === 0) return;
        const replay = new Replay(`r${this.replays.length}`, step.isForced, step.skips, BigInt(this.log.length));
        this.replays.push(replay);
        return this.#openLine(replay);
      }
      case 'take': {
        const replay = this.#picked(this.replays, step.pick);
        return replay === undefined ? undefined : this.#take(replay, step.count);
      }
      case 'publish':
        return this.#picked(this.replays, step.pick)?.publish();
      case 'cancel':
        return this.#cancel(this.#picked(this.replays, step.pick));
      case 'pause':
        return this.#pause(this.#picked(this.replays, step.pick));
      case 'call': {
        const task = this.#picked(this.#in('waiting'), step.pick);
        return task === undefined ? undefined : this.#call(task);
      }
      case 'answer': {
        const task = this.#picked(this.#in('calling'), step.pick);
        return task === undefined ? undefined : this.#answer(task, step.as);
      }
      case 'store': {
        const task = this.#picked(this.#in('storing'), step.pick);
        return task === undefined ? undefined : this.#store(task);
      }
      case 'turn':
        return turn();
      case 'restart':
        return this.#restart(step.crash);
    }
  }

  #fetch(): void {
    const records = this.log.slice(Number(this.#fetched), Number(this.#fetched) + 3);
    if (records.length === 0) return;
    this.#fetched += BigInt(records.length);
    this.#processor.enqueue(records, this.#fetched);
  }

  #openLine(replay: Replay): void {
    replay.counts = new Map(replay.stored.counts);
    replay.line = this.#processor.replay<Outcome>({
      position: replay.stored.nextOffset,
      outcomeOf: ({ state }) => state?.outcome ?? 'delivered',
      onDone: (id, outcome, records) => {
        assert.equal(id, replay.id);
        replay.counts.set(outcome, (replay.counts.get(outcome) ?? 0) + records);
      },
      onChange: () => undefined,
    });
  }

  #take(replay: Replay, count: number): void {
    const { line } = replay;
    if (line === undefined || replay.isPausing) return;
    for (let taken = 0; taken < count && line.inHand.records < WINDOW; taken += 1) {
      const record = this.log[Number(line.position)];
      if (record === undefined || record.offset >= replay.endOffset) return;
      const next = record.offset + 1n;
      if (replay.isCancelled) line.skip(replay.id, 'cancelled', next, 1);
      else if (replay.isSkipped(record.offset)) line.skip(replay.id, 'filteredOut', next, 1);
      else line.take(record, { replayId: replay.id, startedAtMs: 0, isOfOwnTopic: false });
    }
  }

  #cancel(replay: Replay | undefined): void {
    if (replay?.line === undefined || replay.isPausing) return;
    replay.isCancelled = true;
    replay.line.drop(({ replayId }) => replayId === replay.id, 'cancelled');
  }

  /** Stops, and goes on from what was done. */
  #pause(replay: Replay | undefined): void {
    if (replay?.line === undefined || replay.isPausing) return;
    replay.isPausing = true;
    const { line } = replay;
    void line.abandon().then(() => {
      // The process may have ended meanwhile.
      if (replay.line !== line) return;
      replay.publish();
      replay.isPausing = false;
      this.#openLine(replay);
    });
  }

  #call(task: Task): void {
    assert.ok(task.state);
    const key = String(task.record.key);
    const calling = this.#in('calling').filter(({ record }) => String(record.key) === key);
    assert.deepEqual(calling, [], `two calls of ${key} at a time`);
    for (const earlier of this.log.slice(0, Number(task.offset))) {
      if (String(earlier.key) !== key) continue;
      const replay = this.replays.find(({ id }) => id === task.replay?.replayId);
      if (replay?.isSkipped(earlier.offset) === true) continue;
      const id = replay?.isForced === true ? `${replay.id}:${earlier.offset}` : `${earlier.offset}`;
      assert.ok(this.effects.has(id), `${id} of ${key} before ${task.offset}`);
    }
    task.state.stage = 'calling';
  }

  #answer(task: Task, as: 'success' | 'failure' | 'lost'): void {
    assert.ok(task.state);
    const id = this.#idOf(task);
    if (as !== 'failure') this.effects.add(id);
    if (as !== 'success') {
      task.state.stage = 'waiting';
      return task.waits();
    }
    this.#remembered.add(id);
    task.state.stage = 'storing';
    task.release();
  }

  #store(task: Task): void {
    assert.ok(task.state);
    this.ledger.add(this.#idOf(task));
    task.state.stage = 'over';
    task.finish();
  }

  async #restart(crash: boolean): Promise<void> {
    if (!crash) {
      this.#processor.quiesce();
      for (const task of this.#in('storing')) this.#store(task);
      this.committed = this.#due;
      for (const replay of this.replays) replay.publish();
    } else {
      this.committed = this.#due;
    }
    this.#abort.abort();
    await this.#processor.stop();
    this.#tasks = [];
    this.#remembered = new Set();
    this.#started = new Set();
    this.#abort = new AbortController();
    this.#processor = this.#open();
    for (const replay of this.replays) {
      replay.isPausing = false;
      this.#openLine(replay);
    }
  }

  check(): void {
    assert.deepEqual(this.faults, []);
    for (const { offset } of this.log.slice(0, Number(this.#due))) {
      assert.ok(this.ledger.has(`${offset}`), `${offset} is claimed and not done`);
    }
    const isLiveDone = this.log.slice(0, Number(this.#fetched)).every(({ offset }) => this.#isDoneLive(offset));
    if (isLiveDone) assert.ok(this.#due >= this.#fetched, 'a replay holds the live offset');
    for (const { line } of this.replays) {
      if (line !== undefined) assert.ok(line.inHand.records <= WINDOW, `${line.inHand.records} in hand`);
    }
    this.#checkNoneWaitsForReplays();
  }

  #isDoneLive(offset: bigint): boolean {
    const task = this.#tasks.find((task) => task.replay === undefined && task.offset === offset);
    return offset < this.committed || (this.#started.has(offset) && (task === undefined || task.isDone));
  }

  /** What a live record that was not started waits for is live, or its call is under way. */
  #checkNoneWaitsForReplays(): void {
    for (const { offset, key } of this.log.slice(Number(this.committed), Number(this.#fetched))) {
      if (this.#started.has(offset)) continue;
      const before = this.#tasks.filter(
        ({ record, replay, state, isReleased }) =>
          String(record.key) === String(key) && replay !== undefined && state?.stage === 'waiting' && !isReleased,
      );
      assert.deepEqual(before, [], `${offset} waits for a replayed record that was not called for`);
    }
  }

  /** Everything works from now on. */
  async settle(): Promise<void> {
    for (let round = 0; round < 200; round += 1) {
      this.#fetch();
      for (const replay of this.replays) this.#take(replay, WINDOW);
      for (const task of this.#in('waiting')) if (task.state?.stage === 'waiting') this.#call(task);
      for (const task of this.#in('calling')) this.#answer(task, 'success');
      for (const task of this.#in('storing')) this.#store(task);
      await turn();
    }
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await this.#processor.stop();
  }

  get due(): bigint {
    return this.#due;
  }
}

test('in any interleaving of live records, replays, failure, cancellation, pause, revoke and restart no live record waits for a replayed one, each key is in order, and each record of a range is counted once', async () => {
  let overtaken = 0;
  let cancelled = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 150, size: 'max' }), async (steps) => {
      const system = new System();
      for (const step of steps) {
        await system.do(step);
        system.check();
      }
      await system.settle();
      system.check();
      await system.close();
      assert.equal(system.due, BigInt(system.log.length));
      for (const { offset } of system.log) assert.ok(system.effects.has(`${offset}`), `${offset} has its effect`);
      for (const replay of system.replays) {
        const { id, isForced, endOffset, counts, line } = replay;
        assert.equal(line?.doneTo, endOffset, `${id} is done`);
        assert.equal(replay.read, Number(endOffset), `${id}: each once: ${JSON.stringify([...counts])}`);
        cancelled += counts.get('cancelled') ?? 0;
        if (!isForced || replay.isCancelled) continue;
        const skipped = system.log.filter(({ offset }) => offset < endOffset && replay.isSkipped(offset)).length;
        const delivered = [...system.effects].filter((effect) => effect.startsWith(`${id}:`)).length;
        assert.equal(delivered + skipped, Number(endOffset), `${id} is forced: each has its effect once more`);
      }
      overtaken += system.overtaken;
    }),
    { numRuns: 300 },
  );
  assert.ok(overtaken > 100, `replayed records gave way ${overtaken} times: the test sees what it is about`);
  assert.ok(cancelled > 50, `${cancelled} records were cancelled`);
});
