import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBusyMs, parseCpuMs, parseResidentMb, readProcessUsage } from './process-usage.ts';

test('processor time is read behind a name that holds blanks and brackets', () => {
  assert.equal(parseCpuMs('42 (a (b) c) S 1 42 42 0 -1 4194304 100 0 0 0 150 25 0 0 20 0 11 0 1000'), 1750);
});

test('resident memory is read in megabytes', () => {
  assert.equal(parseResidentMb('Name:\tnode\nVmHWM:\t  900 kB\nVmRSS:\t  204800 kB\nThreads:\t11\n'), 200);
});

test('the time of all processors is read without the time for which they wait', () => {
  const stat = 'cpu  100 20 30 5000 700 4 6 80 0 0\ncpu0 50 10 15 2500 350 2 3 40 0 0\nintr 12345\n';
  assert.equal(parseBusyMs(stat), 1600);
});

test('this process uses what it is known to use', async () => {
  const { residentMb } = await readProcessUsage(process.pid);
  const expectedMb = process.memoryUsage().rss / 1024 / 1024;
  assert.ok(Math.abs(residentMb - expectedMb) < 50, `${residentMb} and ${expectedMb} MB`);
});
