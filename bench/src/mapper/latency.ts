/**
 * How long a command takes at a quiet rate: from the broker's acknowledgement of the event on the source topic until a
 * reader of committed records has the command. Producer and reader are this process, so that one clock tells both
 * times.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { startGroupConsumer, type GroupConsumer, type PartitionProcessor } from '@astrolabe/processing';
import { headerNames, headerText, type ConsumedRecord } from '@astrolabe/records';
import type { ServiceProcess } from '@astrolabe/testkit';
import type { BenchLab } from '../bench-lab.ts';
import type { ComparedCase, Sample } from '../comparison.ts';
import { readProcessUsage } from '../process-usage.ts';
import { createRunTopics, type RunTopics } from '../run-topics.ts';
import { percentile } from '@astrolabe/testkit';
import { buildEvent, indexOf } from './events.ts';
import { groupId, startSide, type SideName } from './mapper-run.ts';

const EVENTS_PER_SECOND = 500;
/**
 * For each side: a broker's Java machine compiles the way of a transaction after some ten thousands of them, and one in
 * production has long done so.
 */
const WARM_UP_SECONDS = 20;
/** For the last commands, once all events are sent. */
const ARRIVAL_TIMEOUT_MS = 20_000;
/** Longer than any run: commits of the reader would be work for the broker that is measured. */
const NEVER_MS = 3_600_000;

const sideNames: readonly SideName[] = ['ours', 'at-least-once', 'baseline'];

/** Two cases: exactly-once and at-least-once, each beside the same baseline. */
export async function compareLatency(lab: BenchLab, rounds: number, seconds: number): Promise<ComparedCase[]> {
  await using cleanup = new AsyncDisposableStack();
  const sides = new Map<SideName, LatencySide>();
  for (const name of sideNames) sides.set(name, cleanup.use(await LatencySide.start(name, lab)));
  const samples: Record<SideName, Sample[]> = { ours: [], 'at-least-once': [], baseline: [] };
  for (const side of sides.values()) await side.measure(WARM_UP_SECONDS);
  for (let round = 0; round < rounds; round += 1) {
    const order = sideNames.map((_, place) => sideNames[(place + round) % sideNames.length] ?? 'ours');
    for (const name of order) {
      const sample = await sides.get(name)?.measure(seconds);
      if (sample !== undefined) samples[name].push(sample);
    }
    const texts = sideNames.map((name) => `${name} ${toText(samples[name].at(-1))}`);
    lab.say(`latency, round ${round + 1} of ${rounds}: p50 and p99 of ${texts.join(', ')}`);
  }
  const compared = (name: string, ours: SideName): ComparedCase => ({
    case: name,
    unit: 'events/s',
    ours: samples[ours],
    baseline: samples.baseline,
  });
  return [compared('latency-500', 'ours'), compared('latency-500-at-least-once', 'at-least-once')];
}

function toText(sample: Sample | undefined): string {
  if (sample === undefined) return 'nothing';
  const { p50Ms, p99Ms, cpuUsPerUnit } = sample;
  return `${p50Ms.toFixed(1)} and ${p99Ms.toFixed(1)} ms at ${Math.round(cpuUsPerUnit)} µs of CPU each`;
}

/** One of those that are compared, with a reader of its commands. */
class LatencySide implements AsyncDisposable {
  readonly #name: SideName;
  readonly #run: RunTopics;
  readonly #service: ServiceProcess;
  readonly #reader: GroupConsumer;
  readonly #arrivals: Arrivals;
  /** Index of the next event. */
  #next = 0;

  private constructor(
    name: SideName,
    run: RunTopics,
    service: ServiceProcess,
    reader: GroupConsumer,
    arrivals: Arrivals,
  ) {
    this.#name = name;
    this.#run = run;
    this.#service = service;
    this.#reader = reader;
    this.#arrivals = arrivals;
  }

  static async start(name: SideName, lab: BenchLab): Promise<LatencySide> {
    await using cleanup = new AsyncDisposableStack();
    const run = cleanup.use(await createRunTopics(lab, [groupId]));
    const arrivals = new Arrivals();
    const reader = await startGroupConsumer({
      connection: lab.connection,
      groupId: `${run.prefix}reader`,
      topic: run.topics.commands.name,
      logger: lab.logger,
      commitIntervalMs: NEVER_MS,
      onFault: (fault) => arrivals.fail(fault),
      createProcessor: () => arrivals,
    });
    cleanup.defer(() => reader.close(0));
    const service = await startSide(name, lab, run);
    const side = new LatencySide(name, run, service, reader, arrivals);
    cleanup.move();
    return side;
  }

  /** Sends events evenly for so long, and waits for all of their commands. */
  async measure(seconds: number): Promise<Sample> {
    const events = Math.round(EVENTS_PER_SECOND * seconds);
    const first = this.#next;
    this.#next += events;
    const acknowledgedAtMs = new Float64Array(events);
    const { producer } = this.#run;
    const sends: Promise<unknown>[] = [];
    let commands = 0;
    const built = Array.from({ length: events }, (_, index) => buildEvent(first + index));
    for (const event of built) commands += event.commands;
    const arrived = this.#arrivals.expect(commands);

    const before = await readProcessUsage(this.#service.pid);
    const startedAtMs = performance.now();
    for (let sent = 0; sent < events;) {
      const due = Math.min(events, Math.floor(((performance.now() - startedAtMs) * EVENTS_PER_SECOND) / 1_000));
      for (; sent < due; sent += 1) {
        const index = sent;
        const record = built[index]?.record;
        if (record === undefined) continue;
        sends.push(
          producer.send(this.#run.topics.segmentEvents.name, [record]).then(() => {
            acknowledgedAtMs[index] = performance.now();
          }),
        );
      }
      await sleep(1);
    }
    await Promise.all(sends);
    const elapsedMs = performance.now() - startedAtMs;
    const arrivals = await Promise.race([arrived, this.#timeOut(commands)]);
    const after = await readProcessUsage(this.#service.pid);
    const latenciesMs = arrivals.map(({ index, atMs }) => atMs - (acknowledgedAtMs[index - first] ?? Number.NaN));
    return {
      perSecond: events / (elapsedMs / 1_000),
      p50Ms: percentile(latenciesMs, 0.5),
      p99Ms: percentile(latenciesMs, 0.99),
      rssMb: after.residentMb,
      cpuUsPerUnit: ((after.cpuMs - before.cpuMs) * 1_000) / events,
    };
  }

  async #timeOut(commands: number): Promise<never> {
    await sleep(ARRIVAL_TIMEOUT_MS, undefined, { ref: false });
    throw new Error(`${this.#name}: ${this.#arrivals.count} of ${commands} commands after ${ARRIVAL_TIMEOUT_MS} ms`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#service.stop();
    await this.#reader.close(0);
    await this.#run[Symbol.asyncDispose]();
  }
}

interface Arrival {
  /** Of the event that the command stems from. */
  readonly index: number;
  readonly atMs: number;
}

/** Notes when each command was read. All partitions share one: nothing is done but that. */
class Arrivals implements PartitionProcessor {
  #expected = Number.POSITIVE_INFINITY;
  #arrivals: Arrival[] = [];
  #complete = Promise.withResolvers<readonly Arrival[]>();

  get count(): number {
    return this.#arrivals.length;
  }

  /** Resolves once so many more commands are here. */
  expect(commands: number): Promise<readonly Arrival[]> {
    this.#expected = commands;
    this.#arrivals = [];
    this.#complete = Promise.withResolvers();
    return this.#complete.promise;
  }

  fail(error: unknown): void {
    this.#complete.reject(error);
  }

  enqueue(records: readonly ConsumedRecord[]): void {
    const atMs = performance.now();
    for (const record of records) {
      this.#arrivals.push({ index: indexOf(headerText(record, headerNames.messageId) ?? ''), atMs });
    }
    if (this.#arrivals.length >= this.#expected) this.#complete.resolve(this.#arrivals);
  }

  async idle(): Promise<void> {
    // Nothing is ever under way.
  }

  async stop(): Promise<void> {
    // The same.
  }
}
