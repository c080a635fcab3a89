import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  coresOfOthers,
  processNames,
  readUsage,
  usageBetween,
  type ProcessName,
  type UsageReading,
} from './process-meter.ts';

function reading(atMs: number, cpuMs: number): UsageReading {
  const usage = Object.fromEntries(processNames.map((name) => [name, { cpuMs, residentMb: 90 }]));
  return { atMs, machineBusyMs: cpuMs * 7, usage: usage as Record<ProcessName, { cpuMs: number; residentMb: number }> };
}

test('what a process used is told for each event and as a share of a core', () => {
  const { ingest } = usageBetween(reading(1_000, 200), reading(3_000, 700), 1_000);
  assert.deepEqual(ingest, { cpuUsPerEvent: 500, cores: 0.25, rssMb: 90 });
});

test('what the machine did besides is what its processors did beyond the processes of the bench', () => {
  assert.equal(coresOfOthers(reading(1_000, 200), reading(3_000, 700)), 0.25);
});

test('what a broker uses that is not a process of this machine is unknown, not nothing', async () => {
  const own = process.pid;
  const pids = { ingest: own, mapper: own, dispatcher: own, broker: undefined, api: own, load: own };
  const { broker, load } = usageBetween(await readUsage(pids), await readUsage(pids), 1);
  assert.deepEqual(broker, { cpuUsPerEvent: Number.NaN, cores: Number.NaN, rssMb: Number.NaN });
  assert.ok(load.rssMb > 0);
});
