import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeadLetterRole, DecisionState } from '@astrolabe/operations';
import fc from 'fast-check';
import { DeadLetterIndex, type IndexFilter } from './dead-letter-index.ts';
import { formatCursor, parseCursor } from './page-cursor.ts';

interface Modelled {
  readonly role: DeadLetterRole;
  readonly partition: number;
  readonly offset: number;
  readonly code: string;
  readonly connector: string;
  readonly atMs: number;
}

/** What an index must say, kept as a plain list. */
class Model {
  stored: Modelled[] = [];
  readonly decisions = new Map<string, DecisionState>();
  readonly ends = new Map<string, number>();

  add(dead: Omit<Modelled, 'offset'>, gap: number): Modelled {
    const place = `${dead.role}:${dead.partition}`;
    const offset = (this.ends.get(place) ?? 0) + gap;
    this.ends.set(place, offset + 1);
    const added = { ...dead, offset };
    this.stored.push(added);
    return added;
  }

  decide(role: DeadLetterRole, partition: number, offset: number, decision: DecisionState): void {
    const key = `${role}:${partition}:${offset}`;
    if (!this.decisions.has(key)) this.decisions.set(key, decision);
  }

  stateOf({ role, partition, offset }: Modelled): DecisionState {
    return this.decisions.get(`${role}:${partition}:${offset}`) ?? 'waiting';
  }

  matching({ role, code, connector, fromMs = -Infinity, toMs = Infinity, state }: IndexFilter): Modelled[] {
    return this.stored.filter(
      (each) =>
        (role === undefined || each.role === role) &&
        (code === undefined || each.code === code) &&
        (connector === undefined || each.connector === connector) &&
        each.atMs >= fromMs &&
        each.atMs < toMs &&
        (state === undefined || this.stateOf(each) === state),
    );
  }

  groups(filter: IndexFilter) {
    const named = Map.groupBy(this.matching(filter), ({ role, code, connector }) => `${role} ${code} ${connector}`);
    return new Map(
      [...named].map(([name, all]) => [
        name,
        {
          waiting: all.filter((each) => this.stateOf(each) === 'waiting').length,
          redriven: all.filter((each) => this.stateOf(each) === 'redriven').length,
          dismissed: all.filter((each) => this.stateOf(each) === 'dismissed').length,
          firstAtMs: Math.min(...all.map(({ atMs }) => atMs)),
        },
      ]),
    );
  }
}

const role = fc.constantFrom<DeadLetterRole>('events', 'commands');
const partition = fc.nat(1);
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('add' as const),
      role,
      partition,
      code: fc.constantFrom('api.rejected', 'event.invalid'),
      connector: fc.constantFrom('acme', 'beta'),
      atMs: fc.nat(1_000),
      gap: fc.nat(2),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('decide' as const),
      role,
      partition,
      offset: fc.nat(40),
      decision: fc.constantFrom('redriven' as const, 'dismissed' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire' as const), role, partition, below: fc.nat(30) }) },
);

const filters: readonly IndexFilter[] = [
  {},
  { role: 'events' },
  { code: 'api.rejected', connector: 'acme' },
  { fromMs: 200, toMs: 700 },
  { connector: 'beta', fromMs: 500 },
];

test('groups and pages say what a plain list would say, whatever comes, expires and is decided in any order', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), fc.integer({ min: 1, max: 7 }), (steps, limit) => {
      const index = new DeadLetterIndex(100_000);
      const model = new Model();
      for (const each of steps) {
        if (each.kind === 'add') {
          const { gap, kind: _kind, ...dead } = each;
          index.add({ ...model.add(dead, gap), message: 'no' });
        } else if (each.kind === 'decide') {
          index.decide(each, each.offset, each.decision);
          model.decide(each.role, each.partition, each.offset, each.decision);
        } else {
          // A partition expires up to where it was read, at most.
          const below = Math.min(each.below, model.ends.get(`${each.role}:${each.partition}`) ?? 0);
          index.dropBelow(each, below);
          model.stored = model.stored.filter(
            (one) => one.role !== each.role || one.partition !== each.partition || one.offset >= below,
          );
        }
      }
      assert.equal(index.size, model.stored.length);
      for (const filter of filters) {
        const groups = index.groups(filter);
        assert.deepEqual(
          new Map(
            groups.map(({ role: of, code, connector, counts, firstAtMs }) => [
              `${of} ${code} ${connector}`,
              { ...counts, firstAtMs },
            ]),
          ),
          model.groups(filter),
        );
        assertPages(index, model, { ...filter, state: 'waiting' }, limit);
      }
    }),
    { numRuns: 150 },
  );
});

function assertPages(index: DeadLetterIndex, model: Model, filter: IndexFilter, limit: number): void {
  const expected = model.matching(filter).map((each) => `${each.role}:${each.partition}:${each.offset}`);
  const paged: string[] = [];
  let after: string | undefined;
  for (;;) {
    const page = index.page(filter, after === undefined ? undefined : parseCursor(after), limit);
    paged.push(...page.found.map((each) => `${each.role}:${each.partition}:${each.offset}`));
    if (page.next === undefined) break;
    assert.equal(page.found.length, limit);
    after = formatCursor(page.next);
    // What comes meanwhile is not part of the pages that follow.
    if (paged.length === limit) {
      const late = model.add({ role: 'events', partition: 0, code: 'late', connector: 'late', atMs: 5_000 }, 0);
      index.add({ ...late, message: '' });
    }
  }
  assert.deepEqual(paged.toSorted(), expected.toSorted());
}

test('beyond its bound the index leaves out the oldest, counts them, and still counts the others exactly', () => {
  const index = new DeadLetterIndex(10_000);
  const add = (offset: number): void =>
    index.add({
      role: 'commands',
      partition: offset % 2,
      offset,
      code: 'api.rejected',
      connector: 'acme',
      message: `m${offset}`,
      atMs: offset,
    });
  for (let offset = 0; offset < 30_000; offset += 1) add(offset);
  assert.ok(index.size <= 10_000);
  assert.equal(index.size + index.leftOut, 30_000);
  const [group] = index.groups();
  assert.deepEqual([group?.counts.waiting, group?.sample.message], [index.size, 'm29999']);
  // A decision about one that is left out changes no count.
  index.decide({ role: 'commands', partition: 0 }, 0, 'redriven');
  index.decide({ role: 'commands', partition: 0 }, 29_998, 'redriven');
  assert.deepEqual(index.groups()[0]?.counts, { waiting: index.size - 1, redriven: 1, dismissed: 0 });
  assert.equal(index.stateOf({ role: 'commands', partition: 0 }, 0), 'redriven');
});

test('a dead letter takes a few bytes: half a million of them fit into 20 MB', () => {
  const index = new DeadLetterIndex(1_000_000);
  const before = process.memoryUsage().arrayBuffers;
  for (let offset = 0; offset < 500_000; offset += 1) {
    index.add({
      role: 'events',
      partition: offset % 6,
      offset,
      code: 'event.unmappable',
      connector: `c${offset % 1_000}`,
      message: '',
      atMs: offset,
    });
  }
  assert.ok(process.memoryUsage().arrayBuffers - before < 20_000_000);
  assert.equal(index.groups().length, 1_000);
  assert.equal(index.size, 500_000);
});

test('ids that come from records are unbounded, and the groups are not', () => {
  const index = new DeadLetterIndex(100_000);
  for (let offset = 0; offset < 30_000; offset += 1) {
    index.add({ role: 'events', partition: 0, offset, code: 'x', connector: `c${offset}`, message: '', atMs: 0 });
  }
  const groups = index.groups();
  assert.equal(groups.length, 20_001);
  assert.equal(groups[0]?.counts.waiting, 10_000);
});
