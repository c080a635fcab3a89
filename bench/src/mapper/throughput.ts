/**
 * How many events a second a mapper gets through when they are all there. The clock runs from when the first commands
 * are on the command topic until the last one is readable: starting the process and joining the group are left out, of
 * both sides alike.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { readTopic } from '@astrolabe/kafka';
import type { OutgoingRecord } from '@astrolabe/records';
import type { BenchLab } from '../bench-lab.ts';
import { compareInTurns, type SideName } from '../compare-in-turns.ts';
import type { ComparedCase, Sample } from '../comparison.ts';
import { readProcessUsage } from '../process-usage.ts';
import { buildEvent } from './events.ts';
import { createRunTopics, type RunTopics } from '../run-topics.ts';
import { groupId, startSide } from './mapper-run.ts';

/** About what one instance does in a second. */
const EVENTS_PER_SECOND = 50_000;
const FILL_BATCH = 2_000;
const POLL_MS = 20;
/**
 * Nothing new on the command topic for so long, with everything expected there: the last marker of a transaction has
 * been written too.
 */
const QUIET_MS = 500;
/** Nothing new for so long with something missing: the side hangs, or drops events. */
const STALL_MS = 20_000;

export function compareThroughput(lab: BenchLab, rounds: number, seconds: number): Promise<ComparedCase> {
  const events = Math.round(EVENTS_PER_SECOND * seconds);
  const measured = (side: SideName): Promise<Sample> => measure(side, lab, events);
  return compareInTurns({ name: 'throughput', unit: 'events/s', rounds, say: lab.say, measure: measured });
}

async function measure(side: SideName, lab: BenchLab, events: number): Promise<Sample> {
  await using run = await createRunTopics(lab, [groupId]);
  const commands = await fill(run, events);
  await using cleanup = new AsyncDisposableStack();
  const service = await startSide(side, lab, run);
  cleanup.defer(() => service.stop());
  const { admin } = run;
  const topic = run.topics.commands.name;

  const stored = async (): Promise<number> =>
    (await admin.watermarks(topic)).reduce((sum, { highWatermark }) => sum + Number(highWatermark), 0);
  const first = await nextChange(stored, 0);
  const before = await readProcessUsage(service.pid);
  let last = first;
  for (;;) {
    const next = await nextChange(stored, last.stored, last.stored >= commands ? QUIET_MS : STALL_MS);
    if (next.stored === last.stored) break;
    last = next;
  }
  // What the process did in the quiet time at the end is next to nothing.
  const after = await readProcessUsage(service.pid);
  await verifyCommands(side, lab, topic, commands);

  const elapsedMs = last.atMs - first.atMs;
  // Markers of transactions are in both numbers; the first look found some commands already.
  const eventsMeasured = events * (1 - first.stored / last.stored);
  return {
    perSecond: eventsMeasured / (elapsedMs / 1_000),
    p50Ms: Number.NaN,
    p99Ms: Number.NaN,
    rssMb: after.residentMb,
    cpuUsPerUnit: ((after.cpuMs - before.cpuMs) * 1_000) / eventsMeasured,
  };
}

/** Puts the events on the source topic; resolves with the number of commands that they stand for. */
async function fill({ producer, topics }: RunTopics, events: number): Promise<number> {
  let commands = 0;
  for (let start = 0; start < events; start += FILL_BATCH) {
    const records: OutgoingRecord[] = [];
    for (let index = start; index < Math.min(events, start + FILL_BATCH); index += 1) {
      const event = buildEvent(index);
      records.push(event.record);
      commands += event.commands;
    }
    await producer.send(topics.segmentEvents.name, records);
  }
  return commands;
}

interface Progress {
  /** Records on the topic. */
  readonly stored: number;
  /** When they were seen, on the monotonic clock. */
  readonly atMs: number;
}

/** The first count that differs from `known`, or the last one before `timeoutMs` is over. */
async function nextChange(look: () => Promise<number>, known: number, timeoutMs = STALL_MS): Promise<Progress> {
  const giveUpAtMs = performance.now() + timeoutMs;
  for (;;) {
    const stored = await look();
    const atMs = performance.now();
    if (stored !== known || atMs > giveUpAtMs) return { stored, atMs };
    await sleep(POLL_MS);
  }
}

/** Ours says exactly once. The baseline's producer may store a batch twice when it has to try again. */
async function verifyCommands(
  side: SideName,
  { connection }: BenchLab,
  topic: string,
  expected: number,
): Promise<void> {
  const readable = await readTopic({ connection, topic }, () => undefined);
  if (readable === expected || (side === 'baseline' && readable > expected)) return;
  throw new Error(`${side} wrote ${readable} commands, but the events stand for ${expected}`);
}
