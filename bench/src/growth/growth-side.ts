/** What both services' sides share: the order of a measurement, and how it waits. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { partitionFor, type TopicDefinition, type Topics } from '@astrolabe/records';
import type { BenchLab } from '../bench-lab.ts';
import type { Sample } from '../comparison.ts';
import { createRunTopics, type RunTopics } from '../run-topics.ts';
import type { GrowthSizes } from './sizes.ts';
import { growthConnectors, type Sent } from './traffic.ts';

/** A service with all that it has grown to, on topics that are filled once and kept over the rounds. */
export interface GrowthSide extends AsyncDisposable {
  /** Starts the service with nothing on its disk, again with what it has left there, and measures it under way. */
  measure(seconds: number): Promise<Sample>;
  /** Rejects unless everything that was sent has come out exactly once. */
  verify(): Promise<void>;
}

/** Of single events or commands, while latency is measured. */
export const LIVE_PER_SECOND = 500;
export const QUIET_MS = 500;
const WARM_UP_SECONDS = 3;
const POLL_MS = 20;
/** Nothing new for so long with something missing: the side hangs. A restore of ten million takes a part of it. */
const STALL_MS = 180_000;
const FILL_BATCH = 5_000;

/** Before each part of a measurement: compiling, and the rise of the adaptive limit. */
export function warmUpSeconds(seconds: number): number {
  return Math.min(WARM_UP_SECONDS, seconds);
}

export interface SideTopics {
  readonly run: RunTopics;
  readonly connectorsFile: string;
}

export async function createSideTopics(
  lab: BenchLab,
  groupId: string,
  sizes: GrowthSizes,
  choose: (topics: Topics) => readonly TopicDefinition[],
): Promise<SideTopics> {
  const { partitions } = sizes;
  const run = await createRunTopics(lab, [groupId], (topics) =>
    choose(topics).map((each) => ({ ...each, partitions })),
  );
  const connectorsFile = join(lab.folder, `${run.prefix}connectors.json`);
  await writeFile(connectorsFile, JSON.stringify({ connectors: growthConnectors(sizes.connectors) }));
  return { run, connectorsFile };
}

/** Numbers what is sent to one side, over all rounds. */
export class Sender {
  readonly #run: RunTopics;
  readonly #topic: string;
  readonly #partitions: number;
  readonly #build: (index: number) => Sent;
  #next = 0;
  #sent = 0;

  constructor(run: RunTopics, topic: string, partitions: number, build: (index: number) => Sent) {
    this.#run = run;
    this.#topic = topic;
    this.#partitions = partitions;
    this.#build = build;
  }

  /** The index that is sent next. */
  get next(): number {
    return this.#next;
  }

  get sent(): number {
    return this.#sent;
  }

  /** One for each partition; resolves with their indexes. */
  async probe(): Promise<number[]> {
    const found = new Map<number, { readonly index: number; readonly sent: Sent }>();
    for (; found.size < this.#partitions; this.#next += 1) {
      const sent = this.#build(this.#next);
      const partition = partitionFor(sent.key, this.#partitions);
      if (!found.has(partition)) found.set(partition, { index: this.#next, sent });
    }
    const probes = [...found.values()];
    await this.#send(probes.map(({ sent }) => sent));
    return probes.map(({ index }) => index);
  }

  /** Resolves with the index of each partition's first. */
  async fill(count: number): Promise<number[]> {
    const firsts = new Map<number, number>();
    for (let left = count; left > 0; left -= FILL_BATCH) {
      const length = Math.min(FILL_BATCH, left);
      const built = Array.from({ length }, (_, index) => this.#build(this.#next + index));
      built.forEach(({ key }, index) => {
        const partition = partitionFor(key, this.#partitions);
        if (!firsts.has(partition)) firsts.set(partition, this.#next + index);
      });
      this.#next += length;
      await this.#send(built);
    }
    return [...firsts.values()];
  }

  async one(): Promise<void> {
    const sent = this.#build(this.#next);
    this.#next += 1;
    await this.#send([sent]);
  }

  async #send(sent: readonly Sent[]): Promise<void> {
    this.#sent += sent.length;
    await this.#run.producer.send(
      this.#topic,
      sent.map(({ record }) => record),
    );
  }
}

/**
 * Looks until `isReached`. `progress` is a number that moves as long as there is hope; rejects when it stands still for
 * too long.
 */
export async function lookUntil<Seen>(
  what: string,
  look: () => Promise<Seen>,
  isReached: (seen: Seen) => boolean,
  progress: (seen: Seen) => number,
): Promise<Seen> {
  let known = Number.NaN;
  let changedAtMs = performance.now();
  for (;;) {
    const seen = await look();
    if (isReached(seen)) return seen;
    const now = progress(seen);
    if (now !== known) {
      known = now;
      changedAtMs = performance.now();
    } else if (performance.now() - changedAtMs > STALL_MS) throw new Error(`${what} stands still at ${known}`);
    await sleep(POLL_MS);
  }
}

export function epochMs(monotonicMs = performance.now()): number {
  return performance.timeOrigin + monotonicMs;
}
