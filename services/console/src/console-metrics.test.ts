import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from '@astrolabe/service-kit';
import { showJobs } from './console-metrics.ts';

test('jobs are shown by state once they are known, and those that wait to be tried again are told from the queue', async () => {
  const metrics = createMetrics({ service: 'console' });
  let known: Parameters<typeof showJobs>[1] = () => undefined;
  showJobs(metrics, () => known());
  const shown = async (): Promise<readonly string[]> =>
    (await metrics.registry.metrics()).split('\n').filter((line) => line.startsWith('console_known_jobs{'));
  assert.deepEqual(await shown(), []);
  known = () => [
    { phase: 'running' },
    { phase: 'waiting' },
    { phase: 'waiting', reason: 'it is tried again, because: no broker answers' },
    { phase: 'failed' },
    { phase: 'failed' },
  ];
  assert.deepEqual(await shown(), [
    'console_known_jobs{state="waiting"} 1',
    'console_known_jobs{state="delayed"} 1',
    'console_known_jobs{state="running"} 1',
    'console_known_jobs{state="cancelling"} 0',
    'console_known_jobs{state="done"} 0',
    'console_known_jobs{state="cancelled"} 0',
    'console_known_jobs{state="failed"} 2',
  ]);
  known = () => [];
  assert.ok((await shown()).every((line) => line.endsWith(' 0')));
});
