import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import type { Clock } from '@astrolabe/service-kit/clock';
import { planJob } from '../plans/plan-job.ts';
import type { InMemoryCluster } from '../testing/in-memory-cluster.ts';
import {
  clusterWithDeadLetters,
  createTurningClock,
  mortal,
  sentBack,
  startJobProcess,
  type Death,
  type JobProcess,
} from '../testing/job-cluster.ts';

const { signal } = new AbortController();
const caller = { program: 'console', name: 'eva', role: 'replayer', from: '10.0.0.7' } as const;
const decision = { all: true } as const;

async function until(isSo: () => boolean): Promise<void> {
  for (let turns = 0; !isSo(); turns += 1) {
    assert.ok(turns < 100_000, 'it never came about');
    await turn();
  }
}

/** Carries jobs on until it dies; a fault is how its death shows. */
async function untilDead(cluster: InMemoryCluster, clock: Clock, death: Death): Promise<void> {
  let process: JobProcess;
  try {
    process = await startJobProcess(mortal(cluster, death), clock);
  } catch {
    return;
  }
  const { runner, faults } = process;
  await until(() => faults.length > 0 || runner.list().every(({ phase }) => phase === 'done'));
  await runner.close();
}

const death = fc.record({ calls: fc.integer({ min: 1, max: 60 }), isLastCallDone: fc.boolean() });

test('each dead letter of a job is sent once, whenever its process is killed and however many carry it on', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 60 }),
      fc.option(fc.constantFrom(10, 40), { nil: undefined }),
      fc.array(death, { maxLength: 5 }),
      fc.integer({ min: 1, max: 3 }),
      async (count, recordsPerSecond, deaths, last) => {
        const clock = createTurningClock();
        const cluster = await clusterWithDeadLetters(count, clock);
        const request = { kind: 'redrive', decision, maxRedrives: 3, recordsPerSecond } as const;
        const outcome = await planJob(cluster, request, { clock, signal });
        assert.ok(outcome.kind === 'planned');
        const { job } = outcome.planned;
        const first = await startJobProcess(
          mortal(cluster, deaths[0] ?? { calls: 5, isLastCallDone: true }),
          clock,
        ).catch(() => undefined);
        // The process may die before the job is recorded: then there is none, and nothing is sent.
        await first?.runner.submit({ id: 'j1', action: 'redrive', caller, about: 'all', job }).catch(() => undefined);
        for (const each of deaths.slice(1)) await untilDead(cluster, clock, each);
        await first?.runner.close();
        const processes = await Promise.all(Array.from({ length: last }, () => startJobProcess(cluster, clock)));
        const isRecorded = cluster.log.records(cluster.topics.audit.name).length > 0;
        if (isRecorded) {
          await until(() => processes.every(({ runner }) => runner.find('j1')?.phase === 'done'));
          const counts = processes[0]?.runner.find('j1')?.end?.result.counts;
          assert.equal(counts?.['redriven'], count, 'the job counts what all of its runs have sent');
        }
        await Promise.all(processes.map(({ runner }) => runner.close()));
        const sent = sentBack(cluster);
        assert.deepEqual([sent.length, new Set(sent).size], isRecorded ? [count, count] : [0, 0]);
      },
    ),
    { numRuns: 150 },
  );
});
