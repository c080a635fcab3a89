import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '@astrolabe/kafka/testing';
import type { ConsumedRecord } from '@astrolabe/records';
import { consumedRecord } from '@astrolabe/records/testing';
import fc from 'fast-check';
import type { PartitionProcessor, PartitionSession } from './partition-processor.ts';
import { PartitionSessions } from './partition-sessions.ts';

const PARTITIONS = [0, 1, 2];

/** What kafkajs, the group and our own processors can do to the sessions, in any order. */
type Step =
  /** The group gives us partitions: as the member we were or as a new one, having missed generations or not. */
  | {
      readonly kind: 'assign';
      readonly newMember: boolean;
      readonly generations: number;
      readonly partitions: number[];
      /** The process closes: what it has begun in partitions that it gives away it may finish. */
      readonly closing: boolean;
    }
  /** The fetch loop hands over the next offsets. */
  | { readonly kind: 'fetch'; readonly partition: number; readonly offsets: number }
  /** A processor, be its session alive or over, declares part of what it has as finished. */
  | { readonly kind: 'finish'; readonly pick: number; readonly share: number }
  | { readonly kind: 'commit'; readonly refused: boolean }
  /** The oldest stop under way ends. */
  | { readonly kind: 'stopped'; readonly pick: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('assign' as const),
      newMember: fc.boolean(),
      generations: fc.constantFrom(0, 1, 1, 1, 2),
      partitions: fc.subarray(PARTITIONS),
      closing: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('fetch' as const),
      partition: fc.constantFrom(...PARTITIONS),
      offsets: fc.integer({ min: 1, max: 6 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('finish' as const),
      pick: fc.nat(),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('commit' as const), refused: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('stopped' as const), pick: fc.nat() }) },
);

/** Every log of this test: each fifth offset is a control record. */
function isRecord(offset: bigint): boolean {
  return offset % 5n !== 4n;
}

function recordOffsets(from: bigint, to: bigint): bigint[] {
  return Array.from({ length: Number(to - from) }, (_, index) => from + BigInt(index)).filter(isRecord);
}

/** The processor of one session, which stops when the test says so. */
class ScriptedProcessor implements PartitionProcessor {
  readonly session: PartitionSession;
  readonly offsets: bigint[] = [];
  /** Where the session began to read: the offset that was committed when its partition came. */
  readonly start: bigint;
  position: bigint;
  readonly #stop = Promise.withResolvers<void>();
  quiet = false;
  stopping = false;
  stopped = false;

  constructor(session: PartitionSession, start: bigint) {
    this.session = session;
    this.start = start;
    this.position = start;
  }

  enqueue(records: readonly ConsumedRecord[], nextOffset: bigint): void {
    assert.ok(!this.session.signal.aborted && !this.quiet, 'records for a session that is over');
    assert.ok(nextOffset > this.position, 'nothing new');
    const offsets = records.map(({ offset }) => offset);
    assert.deepEqual(offsets, recordOffsets(this.position, nextOffset), 'each record once, in order, none left out');
    this.offsets.push(...offsets);
    this.position = nextOffset;
  }

  /** Until the end of the session: something is always under way. */
  idle(): Promise<void> {
    return this.quiet ? this.#stop.promise : Promise.resolve();
  }

  quiesce(): void {
    assert.ok(!this.session.signal.aborted, 'a session that is over is to finish');
    this.quiet = true;
  }

  stop(): Promise<void> {
    assert.ok(!this.stopping, 'stopped twice');
    this.stopping = true;
    return this.#stop.promise;
  }

  endStop(): void {
    this.stopped = true;
    this.#stop.resolve();
  }
}

class World {
  readonly processors: ScriptedProcessor[] = [];
  readonly committed = new Map<number, bigint>(PARTITIONS.map((partition) => [partition, 0n]));
  readonly #fetchPositions = new Map<number, bigint>();
  /** Committed offsets when each session began, by epoch. */
  readonly #starts = new Map<number, bigint>();
  readonly #sessions: PartitionSessions;
  readonly #violations: string[] = [];
  #member = 0;
  #generation = 1;
  #epoch = 0;
  /** Epoch of the session of each partition that is here, be it that it still waits for the end of the one before. */
  #epochs: ReadonlyMap<number, number> = new Map();
  #assigned: readonly number[] = [];

  constructor() {
    this.#sessions = new PartitionSessions({
      topicId: undefined,
      topic: 't',
      createProcessor: (session) => this.#create(session),
      pause: () => undefined,
      resume: () => undefined,
      fail: (fault) => {
        throw fault;
      },
      logger: silentLogger,
    });
  }

  #create(session: PartitionSession): PartitionProcessor {
    // Thrown here it would be taken for a fault of a session that is over, which nobody hears.
    if (session.signal.aborted) this.#violations.push('a processor for a session that is over');
    const others = this.processors.filter((other) => other.session.partition === session.partition && !other.stopped);
    assert.equal(others.length, 0, `session ${session.epoch} begins before the one before it has stopped`);
    const processor = new ScriptedProcessor(session, this.#starts.get(session.epoch) ?? 0n);
    this.processors.push(processor);
    return processor;
  }

  #live(): ScriptedProcessor[] {
    return this.processors.filter(({ session, quiet }) => !session.signal.aborted && !quiet);
  }

  async run(step: Step): Promise<void> {
    switch (step.kind) {
      case 'assign':
        this.#assign(step);
        break;
      case 'fetch':
        this.#fetch(step);
        break;
      case 'finish': {
        const processor = this.processors[step.pick % Math.max(1, this.processors.length)];
        if (processor === undefined) break;
        const { session, start, position } = processor;
        session.storeOffset(start + BigInt(Math.floor(Number(position - start) * step.share)));
        break;
      }
      case 'commit':
        this.#commit(step.refused);
        break;
      case 'stopped': {
        const stopping = this.processors.filter((processor) => processor.stopping && !processor.stopped);
        stopping[step.pick % Math.max(1, stopping.length)]?.endStop();
      }
    }
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(this.#violations, []);
  }

  #assign({ newMember, generations, partitions, closing }: Extract<Step, { kind: 'assign' }>): void {
    const isContinued = !newMember && generations <= 1;
    const isKept = (partition: number): boolean => isContinued && this.#epochs.has(partition);
    const keptEpochs = this.#live()
      .map(({ session }) => session)
      .filter(({ partition }) => partitions.includes(partition) && isKept(partition));
    if (newMember) this.#member += 1;
    this.#generation += generations;
    const before = new Set(this.#live().map(({ session }) => session.epoch));
    const membership = { memberId: `member-${this.#member}`, generationId: this.#generation };
    this.#sessions.assign(membership, partitions, { canFinishLost: closing });
    this.#assigned = partitions;
    const epochs = new Map<number, number>();
    for (const partition of partitions) {
      const keptEpoch = isKept(partition) ? this.#epochs.get(partition) : undefined;
      epochs.set(partition, keptEpoch ?? (this.#epoch += 1));
      if (keptEpoch === undefined) this.#starts.set(this.#epoch, this.committed.get(partition) ?? 0n);
    }
    this.#epochs = epochs;
    assert.deepEqual(this.#sessions.partitions(), partitions);
    const after = this.#live().map(({ session }) => session.epoch);
    assert.deepEqual(
      after.filter((epoch) => before.has(epoch)),
      keptEpochs.map(({ epoch }) => epoch),
      'a session goes on if, and only if, nobody else can have had its partition',
    );
    // After each join kafkajs reads from the committed offset, whether or not we have the records in hand.
    for (const partition of partitions) this.#fetchPositions.set(partition, this.committed.get(partition) ?? 0n);
  }

  #fetch({ partition, offsets }: Extract<Step, { kind: 'fetch' }>): void {
    // A fetch of the last assignment may still come in: its partition is not ours any more.
    const first = this.#fetchPositions.get(partition) ?? 0n;
    const nextOffset = first + BigInt(offsets);
    const records = recordOffsets(first, nextOffset).map((offset) => consumedRecord({ partition, offset }));
    this.#sessions.enqueue(partition, records, nextOffset);
    if (this.#assigned.includes(partition)) this.#fetchPositions.set(partition, nextOffset);
  }

  #commit(refused: boolean): void {
    for (const { session, nextOffset, metadata } of this.#sessions.due()) {
      assert.ok(!session.signal.aborted, 'a commit of a session that is over');
      assert.ok(this.#assigned.includes(session.partition), 'a commit for a partition that is not ours');
      const processor = this.processors.find((other) => other.session.epoch === session.epoch);
      assert.ok(processor !== undefined && nextOffset <= processor.position, 'a commit beyond what was read');
      assert.ok(!processor.quiet, 'a commit for a partition that was given away');
      if (refused) continue;
      this.committed.set(session.partition, nextOffset);
      session.committed(nextOffset, metadata);
    }
    if (!refused) assert.deepEqual(this.#sessions.due(), [], 'what is committed is not due any more');
  }
}

/** A session that has no processor yet is kept, and another partition comes. */
const beganWhileItsPredecessorEnds: Step[] = [
  { kind: 'assign', newMember: false, generations: 0, partitions: [0], closing: false },
  { kind: 'fetch', partition: 0, offsets: 2 },
  { kind: 'finish', pick: 0, share: 0.5 },
  { kind: 'commit', refused: false },
  { kind: 'assign', newMember: false, generations: 2, partitions: [0], closing: false },
  { kind: 'assign', newMember: false, generations: 0, partitions: [0, 2], closing: false },
  { kind: 'fetch', partition: 2, offsets: 1 },
];

/** The others that were to take a partition are gone themselves. */
const cameBackWhileItFinishes: Step[] = [
  { kind: 'assign', newMember: false, generations: 1, partitions: [0], closing: false },
  { kind: 'assign', newMember: false, generations: 1, partitions: [], closing: true },
  { kind: 'assign', newMember: false, generations: 1, partitions: [0], closing: true },
  { kind: 'fetch', partition: 0, offsets: 1 },
];

test('in every order of assignment, loss, return, refetch and late work: one session a partition at a time, every offset once, no commit of a session that is over', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
      const world = new World();
      for (const step of steps) await world.run(step);
    }),
    { numRuns: 300, examples: [[beganWhileItsPredecessorEnds], [cameBackWhileItFinishes]] },
  );
});
