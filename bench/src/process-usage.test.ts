import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCpuMs, parseResidentMb, readProcessUsage } from './process-usage.ts';

test('processor time is read behind a name that holds blanks and brackets', () => {
  assert.equal(parseCpuMs('42 (a (b) c) S 1 42 42 0 -1 4194304 100 0 0 0 150 25 0 0 20 0 11 0 1000'), 1750);
});

test('resident memory is read in megabytes', () => {
  assert.equal(parseResidentMb('Name:\tnode\nVmHWM:\t  900 kB\nVmRSS:\t  204800 kB\nThreads:\t11\n'), 200);
});

test('this process uses what it is known to use', async () => {
  const { residentMb } = await readProcessUsage(process.pid);
  const expectedMb = process.memoryUsage().rss / 1024 / 1024;
  assert.ok(Math.abs(residentMb - expectedMb) < 50, `${residentMb} and ${expectedMb} MB`);
});
