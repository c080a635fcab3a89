import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import type { ProcessExit } from '../process/guarded-process.ts';
import type { JvmProcess } from './jvm-process.ts';
import { SupervisedBroker } from './supervised-broker.ts';

/** A machine on which processes take their time to come up and to end, and each start may fail. */
function createMachine(fails: (start: number) => boolean) {
  let starts = 0;
  let running = 0;
  let most = 0;
  let last: { end(exit: ProcessExit): void } | undefined;
  const turns = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index += 1) await turn();
  };
  const launch = async (): Promise<JvmProcess> => {
    const start = (starts += 1);
    running += 1;
    most = Math.max(most, running);
    await turns(start % 3);
    if (fails(start)) {
      await turns(1);
      running -= 1;
      throw new Error(`start ${start} failed`);
    }
    const exited = Promise.withResolvers<ProcessExit>();
    let exit: ProcessExit | undefined;
    const end = (how: ProcessExit): void => {
      if (exit !== undefined) return;
      exit = how;
      running -= 1;
      exited.resolve(how);
    };
    last = { end };
    const process = {
      exited: exited.promise,
      get exit() {
        return exit;
      },
      kill: () => undefined,
      stop: async () => {
        await turns(2);
        end({ code: null, signal: 'SIGKILL' });
        return exited.promise;
      },
    };
    return { process, failure: () => undefined } as unknown as JvmProcess;
  };
  return {
    launch,
    crash: () => last?.end({ code: 1, signal: null }),
    turns,
    running: () => running,
    most: () => most,
  };
}

test('however starts, ends and crashes overlap, there are never two processes, and the last that was asked for is what is', async () => {
  const step = fc.oneof(
    { arbitrary: fc.constantFrom('start', 'end', 'crash'), weight: 3 },
    { arbitrary: fc.integer({ min: 1, max: 4 }), weight: 2 },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 20 }),
      fc.array(fc.boolean(), { maxLength: 8 }),
      async (steps, failing) => {
        const machine = createMachine((start) => start > 1 && failing[start] === true);
        const broker = new SupervisedBroker({
          launch: machine.launch,
          onCrash: () => undefined,
          name: 'the broker',
          restartPauseMs: 0,
        });
        await broker.start();
        const calls: Promise<void>[] = [];
        let isWanted = true;
        for (const each of steps) {
          if (typeof each === 'number') await machine.turns(each);
          else if (each === 'crash') machine.crash();
          else if (each === 'end') {
            isWanted = false;
            calls.push(broker.end(0));
          } else {
            isWanted = true;
            calls.push(broker.start());
          }
        }
        await Promise.all(calls);
        // What came last may be a crash: in its turn the process is there again.
        if (isWanted) await broker.start();
        else await broker.end(0);
        assert.equal(machine.most(), 1);
        assert.equal(machine.running(), isWanted ? 1 : 0);
      },
    ),
  );
});

test('a start that fails rejects where nobody is told of crashes, and so does the first of all', async () => {
  const failing = createMachine(() => true);
  const first = new SupervisedBroker({ launch: failing.launch, onCrash: () => undefined, name: 'the broker' });
  await assert.rejects(first.start(), /start 1 failed/);
  const machine = createMachine((start) => start === 2);
  const broker = new SupervisedBroker({ launch: machine.launch, onCrash: undefined, name: 'the broker' });
  await broker.start();
  await broker.end(0);
  await assert.rejects(broker.start(), /start 2 failed/);
  await broker.start();
  assert.equal(machine.running(), 1);
});

test('a broker that does not come back in time is given up, and the next start rejects with the reason', async () => {
  const machine = createMachine((start) => start > 1);
  const told: string[] = [];
  const broker = new SupervisedBroker({
    launch: machine.launch,
    onCrash: ({ message }) => told.push(message),
    name: 'the broker',
    restartsWithinMs: 0,
    restartPauseMs: 0,
  });
  await broker.start();
  await broker.end(0);
  await assert.rejects(broker.start(), /failed/);
  assert.deepEqual(machine.running(), 0);
});
