import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '@astrolabe/kafka/testing';
import { COMMIT_MARK, readReplayPosition } from '@astrolabe/records';
import { createInMemoryChangelogStore, type WriteFate } from '@astrolabe/records/in-memory';
import { PipelineError } from '@astrolabe/service-kit/errors';
import fc from 'fast-check';
import type { GroupSession, PartitionProcessor } from '../consumer/partition-processor.ts';
import { createStateProcessor } from './state-processor.ts';
import { CountingReplay } from '../testing/counting-replay.ts';
import { SKIPPED, countByKey, countCodec, countedOnce, stateOf } from '../testing/counting.ts';

/** What users, brokers, the group and the machines can do, in any order. */
type Step =
  | { readonly kind: 'append'; readonly keys: readonly string[]; readonly skipped: boolean }
  /** The fetch loop of a member, be it the owner or one that does not know that it has lost the partition. */
  | { readonly kind: 'fetch'; readonly pick: number; readonly records: number }
  /** The partition goes to a new member. The last one is told, has died, or goes on without knowing. */
  | { readonly kind: 'rebalance'; readonly last: 'told' | 'dead' | 'unaware' }
  /** What is on the input by now is replayed, by the owner. */
  | { readonly kind: 'replay' }
  | { readonly kind: 'commit' }
  | { readonly kind: 'fates'; readonly fates: readonly WriteFate[] }
  | { readonly kind: 'brokers'; readonly away: boolean }
  | { readonly kind: 'hold'; readonly held: boolean }
  | { readonly kind: 'turns'; readonly turns: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      keys: fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 6 }),
      skipped: fc.constantFrom(false, false, true),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('fetch' as const),
      pick: fc.nat(),
      records: fc.integer({ min: 1, max: 8 }),
    }),
  },
  fc.record({ kind: fc.constant('rebalance' as const), last: fc.constantFrom('told' as const, 'dead', 'unaware') }),
  fc.record({ kind: fc.constant('replay' as const) }),
  fc.record({ kind: fc.constant('commit' as const) }),
  fc.record({
    kind: fc.constant('fates' as const),
    fates: fc.array(fc.constantFrom<WriteFate>('written', 'lost', 'ambiguous'), { maxLength: 4 }),
  }),
  fc.record({ kind: fc.constant('brokers' as const), away: fc.boolean() }),
  fc.record({ kind: fc.constant('hold' as const), held: fc.boolean() }),
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('turns' as const), turns: fc.integer({ min: 1, max: 4 }) }) },
);

const INPUT = 'input';
const OUTPUT = 'output';
const REPLAYED = 'replayed';
const away = new PipelineError('kafka.unavailable', 'the brokers are away', { retryable: true });

interface Member {
  readonly processor: PartitionProcessor;
  readonly abort: AbortController;
  position: bigint;
  committable: bigint | undefined;
}

class World {
  readonly changelog;
  readonly faults: unknown[] = [];
  readonly stored: bigint[] = [];
  readonly replay = new CountingReplay({
    output: REPLAYED,
    input: () => this.changelog.log.records(INPUT),
    onStep: ({ epoch }, livePosition) => {
      const member = this.#members[epoch];
      assert.ok(
        member === undefined || member.position <= livePosition,
        'nothing is replayed while a live record waits',
      );
    },
  });
  #members: Member[] = [];
  #owner: Member;
  #fates: WriteFate[] = [];
  #committed = 0n;
  #release: (() => void) | undefined;

  constructor(maxInFlight: number) {
    this.changelog = createInMemoryChangelogStore({ maxInFlight });
    this.changelog.decideFate(() => this.#fates.shift() ?? 'written');
    this.#owner = this.#join();
  }

  #join(): Member {
    const abort = new AbortController();
    const session: GroupSession = {
      topic: INPUT,
      partition: 0,
      topicId: undefined,
      epoch: this.#members.length,
      signal: abort.signal,
      storeOffset: (nextOffset) => {
        member.committable = nextOffset;
      },
      untilCommitted: () => Promise.reject(new Error('nobody sets the offset in this test')),
      pause: () => undefined,
      resume: () => undefined,
      fail: (fault) => void this.faults.push(fault),
    };
    const processor = createStateProcessor({
      session,
      changelog: this.changelog,
      codec: countCodec,
      transform: countByKey(OUTPUT),
      replays: this.replay,
      onStored: (offsets) => void this.stored.push(...offsets),
      logger: silentLogger,
      maxBatchRecords: 4,
      maxBatchBytes: 10_000,
      maxBufferedRecords: 1_000,
      maxBufferedBytes: 1_000_000,
      quietMs: 2,
      retryBaseMs: 1,
      retryMaxMs: 1,
    });
    const member: Member = { processor, abort, position: this.#committed, committable: undefined };
    this.#members.push(member);
    this.#owner = member;
    return member;
  }

  async run(step: Step): Promise<void> {
    switch (step.kind) {
      case 'append':
        await this.changelog.log.send(
          INPUT,
          step.keys.map((key, index) => {
            const value = Buffer.from(step.skipped ? SKIPPED : String(index));
            return { key: Buffer.from(key), value, headers: {}, partition: 0 };
          }),
        );
        break;
      case 'fetch': {
        const member = this.#members[step.pick % this.#members.length];
        if (member !== undefined) this.#fetch(member, step.records);
        break;
      }
      case 'rebalance': {
        const last = this.#owner;
        if (step.last !== 'unaware') last.abort.abort(new Error('the session is over'));
        // A dead one's writes under way may still be stored.
        if (step.last === 'told') void last.processor.stop();
        this.#join();
        break;
      }
      case 'replay':
        this.replay.order(0);
        break;
      case 'commit': {
        const { committable } = this.#owner;
        if (committable === undefined) break;
        this.#committed = committable;
        this.changelog.commit(INPUT, 0, { offset: committable, metadata: COMMIT_MARK });
        break;
      }
      case 'fates':
        this.#fates = [...step.fates];
        break;
      case 'brokers':
        this.changelog.failWith(step.away ? away : undefined);
        break;
      case 'hold':
        this.#release?.();
        this.#release = step.held ? this.changelog.hold().release : undefined;
        break;
      case 'turns':
        for (let turn = 0; turn < step.turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #fetch(member: Member, count: number): void {
    const records = this.changelog.log.records(INPUT).filter(({ offset }) => offset >= member.position);
    const fetched = records.slice(0, count);
    const last = fetched.at(-1);
    if (last === undefined) return;
    member.position = last.offset + 1n;
    member.processor.enqueue(fetched, member.position);
  }

  #replayed(): bigint {
    const { log, changelogTopic, groupId } = this.changelog;
    const positions = log.records(changelogTopic).flatMap(({ key, value }) => {
      return readReplayPosition(groupId, String(key), value)?.value ?? [];
    });
    return BigInt(String(positions.at(-1) ?? 0));
  }

  /** Everything is well again, and all but one know that they lost the partition. */
  async settle(): Promise<void> {
    this.#fates = [];
    this.changelog.failWith(undefined);
    this.#release?.();
    for (const member of this.#members) {
      if (member !== this.#owner) member.abort.abort(new Error('the session is over'));
    }
    await Promise.all(this.#members.filter((each) => each !== this.#owner).map(({ processor }) => processor.stop()));
    this.#fetch(this.#owner, Infinity);
    while (this.faults.length === 0 && this.#replayed() < this.replay.endOf(0)) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    await this.#owner.processor.idle();
    const end = BigInt(this.changelog.log.records(INPUT).length);
    // Who begins at a committed end has nothing to declare.
    assert.equal(this.#owner.committable ?? this.#committed, end);
    this.#owner.abort.abort(new Error('the session is over'));
    await this.#owner.processor.stop();
  }
}

test('in every order of crash, rebalance, zombie, lost or ambiguous write and outage: each record is counted once, in order, and the state is that of one pass', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 50, size: 'max' }),
      fc.constantFrom(1, 2),
      async (steps, maxInFlight) => {
        const world = new World(maxInFlight);
        for (const step of steps) await world.run(step);
        await world.settle();
        const { log, changelogTopic } = world.changelog;
        const expected = countedOnce(log.records(INPUT));
        assert.deepEqual(world.faults, []);
        assert.deepEqual(
          log.records(OUTPUT).map(({ value }) => String(value)),
          expected.outputs,
        );
        const again = world.replay.countedOnce(0);
        assert.deepEqual(
          log.records(REPLAYED).map(({ value }) => String(value)),
          again.outputs,
        );
        assert.deepEqual(stateOf(log.records(changelogTopic)), new Map([...expected.state, ...again.state]));
        assert.deepEqual(world.stored, [...new Set(world.stored)], 'no batch is reported twice');
      },
    ),
    { numRuns: 300 },
  );
});
