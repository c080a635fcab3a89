import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOf, type ReplayOrder, type WantedState } from '@astrolabe/replay';
import { headerNames, headerText, type ConsumedRecord } from '@astrolabe/records';
import type { WriteFate } from '@astrolabe/records/in-memory';
import { PipelineError, present } from '@astrolabe/service-kit/errors';
import fc from 'fast-check';
import { SKIPPED, countedOnce, stateOf } from '../testing/counting.ts';
import { ReplayTask, turns, type ReplayMember } from '../testing/replay-task.ts';
import { countReplayed } from '../testing/replayed-counting.ts';

/** What users, operators, brokers, the group, retention and the machines can do, in any order. */
type Step =
  | { readonly kind: 'append'; readonly records: number; readonly skipped: boolean }
  | { readonly kind: 'fetch' | 'follow'; readonly pick: number }
  | { readonly kind: 'order'; readonly isFiltered: boolean }
  | { readonly kind: 'change'; readonly pick: number; readonly wanted: WantedState }
  /** The partition goes to a new member. The last one is told, has died, or goes on without knowing. */
  | { readonly kind: 'rebalance'; readonly last: 'told' | 'dead' | 'unaware' }
  | { readonly kind: 'expire'; readonly offsets: number }
  | { readonly kind: 'fates'; readonly fates: readonly WriteFate[] }
  | { readonly kind: 'brokers'; readonly away: boolean }
  | { readonly kind: 'hold'; readonly held: boolean }
  | { readonly kind: 'turns'; readonly turns: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      records: fc.integer({ min: 1, max: 12 }),
      skipped: fc.constantFrom(false, false, true),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom('fetch' as const, 'follow' as const), pick: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('order' as const), isFiltered: fc.boolean() }) },
  fc.record({
    kind: fc.constant('change' as const),
    pick: fc.nat(),
    wanted: fc.constantFrom<WantedState>('run', 'pause', 'run', 'pause', 'cancel'),
  }),
  fc.record({ kind: fc.constant('rebalance' as const), last: fc.constantFrom('told' as const, 'dead', 'unaware') }),
  fc.record({ kind: fc.constant('expire' as const), offsets: fc.integer({ min: 1, max: 10 }) }),
  fc.record({
    kind: fc.constant('fates' as const),
    fates: fc.array(fc.constantFrom<WriteFate>('written', 'lost', 'ambiguous'), { maxLength: 4 }),
  }),
  fc.record({ kind: fc.constant('brokers' as const), away: fc.boolean() }),
  fc.record({ kind: fc.constant('hold' as const), held: fc.boolean() }),
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('turns' as const), turns: fc.integer({ min: 1, max: 12 }) }) },
);

const away = new PipelineError('kafka.unavailable', 'the brokers are away', { retryable: true });
const MAX_ORDERS = 4;

class World {
  readonly task = new ReplayTask({ areFollowersLate: true });
  readonly orders: ReplayOrder[] = [];
  readonly #members: ReplayMember[] = [];
  #fates: WriteFate[] = [];
  #release: (() => void) | undefined;
  #expiredBelow = 0;

  constructor() {
    this.task.changelog.decideFate(() => this.#fates.shift() ?? 'written');
    this.#members.push(this.task.join());
  }

  get faults(): readonly unknown[] {
    return this.#members.flatMap(({ session }) => session.faults);
  }

  async run(step: Step): Promise<void> {
    switch (step.kind) {
      case 'append':
        return this.task.append(step.records, step.skipped ? SKIPPED : 'v');
      case 'fetch':
        return this.#at(step.pick).fetch();
      case 'follow':
        return this.#at(step.pick).follower.read();
      case 'order':
        return this.#order(step.isFiltered);
      case 'change':
        return this.#change(step.pick, step.wanted);
      case 'rebalance': {
        const last = this.#owner();
        if (step.last !== 'unaware') last.session.abort();
        // A dead one's writes under way may still be stored.
        if (step.last === 'told') void last.processor.stop();
        this.#members.push(this.task.join());
        return;
      }
      case 'expire':
        this.#expiredBelow = Math.min(this.#expiredBelow + step.offsets, this.task.input().length);
        return this.task.expireBelow(BigInt(this.#expiredBelow));
      case 'fates':
        this.#fates = [...step.fates];
        return;
      case 'brokers':
        return this.task.changelog.failWith(step.away ? away : undefined);
      case 'hold':
        this.#release?.();
        this.#release = step.held ? this.task.changelog.hold().release : undefined;
        return;
      case 'turns':
        return turns(step.turns);
    }
  }

  /** Everything is well again, and all but one know that they lost the partition. */
  async settle(): Promise<void> {
    this.#fates = [];
    this.task.changelog.failWith(undefined);
    this.#release?.();
    const owner = this.#owner();
    await Promise.all(this.#members.filter((each) => each !== owner).map((each) => each.leave()));
    owner.fetch();
    owner.follower.read();
    while (this.faults.length === 0 && !this.orders.every((order) => this.#isObeyed(order))) await turns(1);
    await owner.processor.idle();
    await owner.leave();
  }

  async #order(isFiltered: boolean): Promise<void> {
    if (this.orders.length === MAX_ORDERS || this.task.input().length === 0) return;
    const connector = isFiltered ? { connector: ['odd'] } : {};
    const id = `r${this.orders.length}`;
    this.orders.push(await this.task.order({ id, request: { source: 'events', ...connector } }));
  }

  async #change(pick: number, wanted: WantedState): Promise<void> {
    const index = pick % Math.max(1, this.orders.length);
    const order = this.orders[index];
    // A cancellation is final.
    if (order === undefined || order.wanted === 'cancel') return;
    this.orders[index] = await this.task.order({ ...order, wanted, changedAtMs: order.changedAtMs + 1 });
  }

  #isObeyed({ id, spans, wanted, changedAtMs }: ReplayOrder): boolean {
    const published = this.task.published(id);
    if (published === undefined) return false;
    if (published.nextOffset >= (spans[0]?.endOffset ?? 0n)) return true;
    return wanted !== 'run' && published.obeysMs >= changedAtMs;
  }

  #at(pick: number): ReplayMember {
    const member = this.#members[pick % this.#members.length];
    assert.ok(member !== undefined);
    return member;
  }

  #owner(): ReplayMember {
    return this.#at(this.#members.length - 1);
  }
}

/** What one replay has left on the topics, against what it says of itself. Returns the states that it has made. */
function assertReplayedOnce({ task }: World, { id, request, spans }: ReplayOrder): ReadonlyMap<string, string> {
  const outputs = task.outputs().filter((record) => headerText(record, headerNames.replayId) === id);
  const offsets = outputs.map(({ value }) => Number(String(value).split(' ')[0]));
  const { counts, commands, nextOffset } = present(task.published(id), 'the progress');
  const range = task.input().slice(0, Number(nextOffset));
  assert.ok(nextOffset <= (spans[0]?.endOffset ?? 0n));
  assert.deepEqual(
    offsets,
    [...new Set(offsets)].sort((a, b) => a - b),
    'once each, in order',
  );
  const states = new Map<string, number>();
  const again = countReplayed('')(
    offsets.map((offset) => replayed(range[offset], id)),
    { get: ({ id: key }) => states.get(key), set: ({ id: key }, value) => void states.set(key, value) },
  );
  assert.deepEqual(
    outputs.map(({ value }) => String(value)),
    again.outputs.map(({ value }) => String(value)),
  );
  assert.equal(readOf(counts), Number(nextOffset));
  assert.deepEqual([counts.mapped, commands], [outputs.length, outputs.length]);
  const matching = range.filter((record) => request.connector === undefined || connectorOf(record) === 'odd');
  const missing = matching.filter(
    ({ value, offset }) => String(value) !== SKIPPED && !offsets.includes(Number(offset)),
  );
  assert.ok(missing.length <= counts.expired);
  if (counts.expired === 0) assert.equal(counts.filteredOut, range.length - matching.length);
  return new Map([...states].map(([key, count]) => [key, String(count)]));
}

function replayed(record: ConsumedRecord | undefined, id: string): ConsumedRecord {
  assert.ok(record !== undefined);
  return { ...record, headers: { [headerNames.replayId]: Buffer.from(id) } };
}

function connectorOf(record: ConsumedRecord): string | undefined {
  return headerText(record, headerNames.connectorId);
}

test('in every order of live records, replays, pauses, cancellations, crashes, rebalances, zombies, lost writes and retention: each record of a range has one effect, and live records go first', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
      const world = new World();
      for (const each of steps) await world.run(each);
      await world.settle();
      assert.deepEqual(world.faults, []);
      const { task } = world;
      const live = countedOnce(task.input());
      const states = world.orders.flatMap((order) => [...assertReplayedOnce(world, order)]);
      assert.deepEqual(stateOf(task.records(task.changelog.changelogTopic)), new Map([...live.state, ...states]));
      assert.deepEqual(
        task.records('live').map(({ value }) => String(value)),
        live.outputs,
      );
      assert.deepEqual(task.stored, [...new Set(task.stored)], 'no record is reported twice');
      for (const { id, wanted } of world.orders) {
        if (wanted === 'run') assert.equal(task.position(id), undefined, 'what is over needs no position');
      }
    }),
    { numRuns: 300 },
  );
});
