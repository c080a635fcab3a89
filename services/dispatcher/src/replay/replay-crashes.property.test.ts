/** Replays through pauses, hand-overs and crashes that lose what the ledger had not acknowledged. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOf } from '@astrolabe/replay';
import fc from 'fast-check';
import type { DeliveryLedger, DeliveryRecord, PriorAttempts } from '../lifecycle/delivery-ledger.ts';
import { createReplayWorld, PARTITION } from '../testing/replay-world.ts';
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

async function run(steps: readonly Step[], isForced: boolean): Promise<{ readonly crashes: number }> {
  const ledger = new CrashLedger();
  const world = createReplayWorld({ handler: { ledger, maxConcurrentCalls: 2 }, pageRecords: 3 });
  world.append('commands', ...Array.from({ length: 12 }, (_, index) => `${'abc'.charAt(index % 3)}${index}`));
  // The mapper is never done with it: its commands are followed.
  const spans = [{ partition: 0, fromOffset: 0n, endOffset: 9n }];
  world.order({ id: 'e1', request: { source: 'events', force: isForced }, spans });
  world.order({ request: { source: 'commands', force: isForced } });
  let owner = world.own();
  let [live, replayed, committed, crashes] = [12, 0, 0n, 0];
  const next = async (end: Promise<void>): Promise<void> => {
    await end;
    committed = owner.committable.at(-1) ?? committed;
    owner = world.own();
    owner.lanes.enqueue(world.records('commands').slice(Number(committed)), BigInt(live));
  };
  owner.lanes.enqueue(world.records('commands'), 12n);
  const act = async (step: Step): Promise<void> => {
    switch (step.kind) {
      case 'live': {
        const messages = Array.from({ length: step.count }, (_, index) => `${'abc'.charAt(index % 3)}${live + index}`);
        live += step.count;
        return owner.lanes.enqueue(world.append('commands', ...messages), BigInt(live));
      }
      case 'replayed': {
        const messages = Array.from({ length: step.count }, (_, index) => `${'abc'.charAt(index % 3)}${index}`);
        replayed += step.count;
        return world.appendReplayed('e1', messages, isForced);
      }
      case 'fault':
        return void world.script.push(answer(step.status));
      case 'work':
        return owner.work(step.ms);
      case 'acknowledge':
        return ledger.acknowledge();
      case 'crash':
        crashes += 1;
        ledger.crash();
        return next(owner.crash());
      case 'hand over': {
        let isGiven = false;
        const given = owner.giveUp().finally(() => {
          isGiven = true;
        });
        // What is under way ends, and is stored.
        while (!isGiven) {
          await turn();
          ledger.acknowledge();
        }
        return next(given);
      }
      case 'pause':
        return world.change('r1', { wanted: 'pause' });
      case 'resume':
        return world.change('r1', { wanted: 'run' });
    }
  };
  for (const step of steps) await act(step);
  world.script.splice(0);
  world.change('r1', { wanted: 'run' });
  world.appendReplayed('e1', ['a0'], isForced);
  const isOver = (): boolean => {
    const ended = world.viewOf('e1').commands.get(PARTITION)?.counts;
    return world.phaseOf('r1') === 'finished' && ended !== undefined && readOf(ended) > replayed;
  };
  for (let round = 0; round < 200 && !(isOver() && owner.committable.at(-1) === BigInt(live)); round += 1) {
    await owner.work(100);
    ledger.acknowledge();
  }
  const counts = world.viewOf('r1').dispatcher.get(PARTITION)?.counts;
  assert.ok(counts);
  assert.equal(world.phaseOf('r1'), 'finished', JSON.stringify(counts));
  assert.equal(readOf(counts), 12, JSON.stringify(counts));
  const ofEvents = world.viewOf('e1').commands.get(PARTITION)?.counts;
  assert.ok(ofEvents);
  assert.equal(readOf(ofEvents), replayed + 1, JSON.stringify(ofEvents));
  assert.equal(owner.committable.at(-1), BigInt(live));
  await owner.crash();
  return { crashes };
}

test('through failures, pauses, hand-overs and crashes each record of a replay is counted once, and live ones are committed', async () => {
  let crashes = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), fc.boolean(), async (steps, isForced) => {
      crashes += (await run(steps, isForced)).crashes;
    }),
    { numRuns: 40 },
  );
  assert.ok(crashes > 3, `${crashes} crashes`);
});
