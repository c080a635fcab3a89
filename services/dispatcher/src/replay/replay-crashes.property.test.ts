/** Replays through pauses, hand-overs and crashes that lose what the ledger had not acknowledged. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noDispatcherCounts, readOf, type DispatcherCounts } from '@astrolabe/replay';
import fc from 'fast-check';
import type { DeliveryLedger, DeliveryRecord, PriorAttempts } from '../lifecycle/delivery-ledger.ts';
import { createReplayWorld, PARTITION, type ReplayWorld } from '../testing/replay-world.ts';
import { answer } from '../testing/scripted-api.ts';
import { turn } from '../testing/scripted-handler.ts';

/** Acknowledges when the test says so; a crash forgets the rest. */
class CrashLedger implements DeliveryLedger {
  readonly #stored = new Map<string, DeliveryRecord>();
  #inHand = new Map<string, DeliveryRecord>();
  #batch = Promise.withResolvers<void>();

  lookup(commandId: string): DeliveryRecord | undefined {
    return this.#inHand.get(commandId) ?? this.#stored.get(commandId);
  }

  record(delivery: DeliveryRecord): Promise<void> {
    this.#inHand.set(delivery.commandId, delivery);
    return this.#batch.promise;
  }

  attempts(): PriorAttempts | undefined {
    return undefined;
  }

  recordAttempts(): void {
    // A crash may forget it.
  }

  acknowledge(): void {
    for (const [id, delivery] of this.#inHand) this.#stored.set(id, delivery);
    this.#inHand.clear();
    this.#batch.resolve();
    this.#batch = Promise.withResolvers<void>();
  }

  crash(): void {
    this.#inHand = new Map();
    this.#batch = Promise.withResolvers<void>();
  }
}

type Step =
  | { readonly kind: 'live' | 'replayed'; readonly count: number }
  | { readonly kind: 'fault'; readonly status: number }
  | { readonly kind: 'work'; readonly ms: number }
  | { readonly kind: 'acknowledge' | 'crash' | 'hand over' | 'pause' | 'resume' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('live' as const, 'replayed' as const),
      count: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('fault' as const), status: fc.constantFrom(503, 500, 400) }),
  },
  { weight: 4, arbitrary: fc.constantFrom(0, 100, 600).map((ms): Step => ({ kind: 'work', ms })) },
  { weight: 4, arbitrary: fc.constant<Step>({ kind: 'acknowledge' }) },
  {
    weight: 3,
    arbitrary: fc.constantFrom<Step>({ kind: 'crash' }, { kind: 'hand over' }, { kind: 'pause' }, { kind: 'resume' }),
  },
);

class World {
  readonly ledger = new CrashLedger();
  readonly world = createReplayWorld({ handler: { ledger: this.ledger, maxConcurrentCalls: 2 }, pageRecords: 3 });
  readonly #isForced: boolean;
  owner: ReturnType<ReplayWorld['own']>;
  live = 12;
  replayed = 0;
  crashes = 0;
  #committed = 0n;

  constructor(isForced: boolean) {
    this.#isForced = isForced;
    const { topics } = this.world;
    topics.append('commands', ...messagesFrom(0, this.live));
    // The mapper is never done with it: its commands are followed.
    const spans = [{ partition: 0, fromOffset: 0n, endOffset: 9n }];
    this.world.order({ id: 'e1', request: { source: 'events', force: isForced }, spans });
    this.world.order({ request: { source: 'commands', force: isForced } });
    this.owner = this.world.own();
    this.owner.lanes.enqueue(topics.records('commands'), BigInt(this.live));
  }

  async do(step: Step): Promise<void> {
    const { world, ledger, owner } = this;
    switch (step.kind) {
      case 'live': {
        const messages = messagesFrom(this.live, step.count);
        this.live += step.count;
        return owner.lanes.enqueue(world.topics.append('commands', ...messages), BigInt(this.live));
      }
      case 'replayed':
        return this.replay(step.count);
      case 'fault':
        return void world.script.push(answer(step.status));
      case 'work':
        return owner.work(step.ms);
      case 'acknowledge':
        return ledger.acknowledge();
      case 'crash':
        this.crashes += 1;
        ledger.crash();
        await owner.crash();
        return this.#next();
      case 'hand over':
        await this.#giveUp();
        return this.#next();
      case 'pause':
        return world.change('r1', { wanted: 'pause' });
      case 'resume':
        return world.change('r1', { wanted: 'run' });
    }
  }

  replay(count: number): void {
    this.replayed += count;
    this.world.topics.appendReplayed('e1', messagesFrom(0, count), this.#isForced);
  }

  /** What is under way ends, and is stored. */
  async #giveUp(): Promise<void> {
    let isGiven = false;
    const giving = this.owner.giveUp().finally(() => {
      isGiven = true;
    });
    while (!isGiven) {
      await turn();
      this.ledger.acknowledge();
    }
    await giving;
  }

  #next(): void {
    this.#committed = this.owner.committable.at(-1) ?? this.#committed;
    this.owner = this.world.own();
    this.owner.lanes.enqueue(this.world.topics.records('commands').slice(Number(this.#committed)), BigInt(this.live));
  }

  /** Everything works from now on. */
  async settle(): Promise<void> {
    this.world.script.splice(0);
    this.world.change('r1', { wanted: 'run' });
    this.replay(1);
    for (let round = 0; round < 200 && !this.#isOver(); round += 1) {
      await this.owner.work(100);
      this.ledger.acknowledge();
    }
    await this.owner.work(1_500);
  }

  #isOver(): boolean {
    const ended = readOf(this.countsOfEvents());
    const isCommitted = this.owner.committable.at(-1) === BigInt(this.live);
    return this.world.phaseOf('r1') === 'finished' && ended >= this.replayed && isCommitted;
  }

  countsOfEvents(): DispatcherCounts {
    return this.world.viewOf('e1').commands.get(PARTITION)?.counts ?? noDispatcherCounts;
  }
}

/** Of three users. */
function messagesFrom(first: number, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${'abc'.charAt((first + index) % 3)}${first + index}`);
}

async function run(steps: readonly Step[], isForced: boolean): Promise<number> {
  const system = new World(isForced);
  for (const step of steps) await system.do(step);
  await system.settle();
  const { world, owner, live, replayed, crashes } = system;
  const counts = world.viewOf('r1').dispatcher.get(PARTITION)?.counts ?? noDispatcherCounts;
  assert.equal(world.phaseOf('r1'), 'finished', JSON.stringify(counts));
  assert.equal(readOf(counts), 12, JSON.stringify(counts));
  assert.equal(readOf(system.countsOfEvents()), replayed, JSON.stringify(system.countsOfEvents()));
  assert.equal(owner.committable.at(-1), BigInt(live));
  await owner.crash();
  return crashes;
}

test('through failures, pauses, hand-overs and crashes each record of a replay is counted once, and live ones are committed', async () => {
  let crashes = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), fc.boolean(), async (steps, isForced) => {
      crashes += await run(steps, isForced);
    }),
    { numRuns: 40 },
  );
  assert.ok(crashes > 3, `${crashes} crashes`);
});
