import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { FencedError } from '@astrolabe/kafka/internal';
import type { TopicRecord } from '@astrolabe/records';
import { systemClock } from '@astrolabe/service-kit/clock';
import type { TransactionalId } from './changelog-brokers.ts';
import { GroupCommit } from './group-commit.ts';

const record = (text: string): TopicRecord => ({
  topic: 't',
  key: null,
  value: Buffer.from(text),
  headers: {},
  partition: 0,
});

/** Ids whose every step is noted, and waits while it is held. */
function notedIds(count: number) {
  const steps: string[] = [];
  const held = new Map<string, PromiseWithResolvers<void>>();
  const noted = async (step: string): Promise<void> => {
    await held.get(step)?.promise;
    steps.push(step);
  };
  const ids = Array.from({ length: count }, (_, index): TransactionalId => {
    const name = `id${index}`;
    return {
      store: async (records, earlier) => {
        await earlier;
        await noted(`${name} stores ${records.map(({ value }) => String(value)).join()}`);
      },
      commit: () => noted(`${name} commits`),
      abort: () => noted(`${name} aborts`),
      close: () => noted(`${name} closes`),
    };
  });
  const hold = (step: string): PromiseWithResolvers<void> => {
    const gate = Promise.withResolvers<void>();
    held.set(step, gate);
    return gate;
  };
  return { ids, steps, hold };
}

async function turns(count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) await turn();
}

test('what comes in one turn, and what comes while a transaction is in flight, shares a transaction', async () => {
  const { ids, steps, hold } = notedIds(2);
  const commits = new GroupCommit({ ids, clock: systemClock });
  const held = hold('id0 commits');
  const first = [commits.submit([record('a')]), commits.submit([record('b')])];
  await turns(5);
  const next = [commits.submit([record('c')]), commits.submit([record('d')])];
  await turns(5);
  assert.deepEqual(steps, ['id0 stores a,b']);
  held.resolve();
  await Promise.all([...first, ...next].map(({ committed }) => committed));
  assert.deepEqual(steps, ['id0 stores a,b', 'id0 commits', 'id1 stores c,d', 'id1 commits']);
});

test('a large transaction begins while the one before is in flight, and ends after it', async () => {
  const { ids, steps, hold } = notedIds(2);
  const commits = new GroupCommit({ ids, clock: systemClock });
  const large = 'x'.repeat(300_000);
  const held = hold('id0 commits');
  const first = commits.submit([record('a')]);
  await turns(5);
  const second = commits.submit([record(large)]);
  await turns(5);
  assert.deepEqual(steps, ['id0 stores a', `id1 stores ${large}`]);
  held.resolve();
  await Promise.all([first.committed, second.committed]);
  assert.deepEqual(steps.slice(2), ['id0 commits', 'id1 commits']);
});

test('after a failure nothing more is committed, also not what was begun before it', async () => {
  const { ids, steps, hold } = notedIds(2);
  const commits = new GroupCommit({ ids, clock: systemClock });
  const held = hold('id0 commits');
  const first = commits.submit([record('a')]);
  await turns(5);
  const second = commits.submit([record('x'.repeat(300_000))]);
  await turns(5);
  const third = commits.submit([record('c')]);
  const fault = new FencedError('taken over');
  held.reject(fault);
  for (const batch of [first, second, third, commits.submit([record('d')])]) {
    await assert.rejects(batch.committed, fault);
  }
  assert.equal(commits.hasFailed, true);
  assert.equal(await commits.failed, fault);
  assert.deepEqual(
    steps.filter((step) => step.endsWith('commits')),
    [],
  );
});

test('a batch is withdrawn only before it is begun', async () => {
  const { ids, steps, hold } = notedIds(1);
  const commits = new GroupCommit({ ids, clock: systemClock });
  const held = hold('id0 commits');
  const begun = commits.submit([record('a')]);
  await turns(5);
  const waiting = commits.submit([record('b')]);
  const reason = new Error('nobody wants it');
  assert.deepEqual([begun.withdraw(reason), waiting.withdraw(reason), waiting.withdraw(reason)], [false, true, false]);
  await assert.rejects(waiting.committed, reason);
  held.resolve();
  await begun.committed;
  await turns(5);
  assert.deepEqual(steps, ['id0 stores a', 'id0 commits']);
});

test('closing begins nothing more and ends what is open', async () => {
  const { ids, steps } = notedIds(2);
  const commits = new GroupCommit({ ids, clock: systemClock });
  const waiting = commits.submit([record('a')]);
  const reason = new Error('closed');
  await commits.close(reason);
  await assert.rejects(waiting.committed, reason);
  await turns(5);
  assert.deepEqual(steps.toSorted(), ['id0 aborts', 'id0 closes', 'id1 aborts', 'id1 closes']);
});
