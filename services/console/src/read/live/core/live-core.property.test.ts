import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { LiveItem } from './live-item.ts';
import { RecentItems } from './recent-items.ts';
import { formatPosition, parsePosition } from './resume-position.ts';
import { matchesTab, type TabFilter } from './tab-filter.ts';
import { TabQueue } from './tab-queue.ts';

const item = (sequence: number, row: Partial<LiveItem['row']> = {}, text = ''): LiveItem => ({
  sequence,
  text,
  row: { topic: 'events', topicName: 't', partition: 0, offset: `${sequence}`, at: '', ...row },
});

test('a tab gets the newest rows in order, never more than fit, and is told of every row that it did not get', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('add' as const), count: fc.integer({ min: 1, max: 30 }) }),
    fc.record({ kind: fc.constant('take' as const), count: fc.integer({ min: 1, max: 20 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50 }), fc.integer({ min: 1, max: 25 }), (steps, maxRows) => {
      const queue = new TabQueue(maxRows);
      const taken: number[] = [];
      let dropped = 0;
      let added = 0;
      for (const { kind, count } of [...steps, { kind: 'take' as const, count: maxRows }]) {
        if (kind === 'add') {
          for (let index = 0; index < count; index += 1) queue.add(item((added += 1)));
          assert.ok(queue.size <= maxRows);
        } else {
          const rows = queue.take(count);
          assert.ok(rows.items.length <= count);
          taken.push(...rows.items.map(({ sequence }) => sequence));
          dropped += rows.dropped;
        }
      }
      assert.deepEqual(
        taken,
        taken.toSorted((a, b) => a - b),
      );
      assert.equal(new Set(taken).size, taken.length);
      assert.equal(taken.length + dropped, added);
      if (added > 0) assert.equal(taken.at(-1), added);
    }),
  );
});

test('who comes back gets what was read meanwhile as far as it is kept, and is told how much is not', () => {
  fc.assert(
    fc.property(fc.nat(100), fc.nat(120), fc.integer({ min: 1, max: 20 }), (count, had, maxItems) => {
      const recent = new RecentItems(maxItems);
      for (let sequence = 1; sequence <= count; sequence += 1) recent.add(item(sequence));
      const { items, missed } = recent.after(had);
      const all = Array.from({ length: Math.max(0, count - had) }, (_, index) => had + index + 1);
      assert.deepEqual(
        items.map(({ sequence }) => sequence),
        all.slice(-maxItems),
      );
      assert.equal(items.length + (had < count ? missed : 0), all.length);
    }),
  );
});

test('each part of a filter has to match, and a topic that is not chosen is not shown', () => {
  const event = item(
    1,
    { connector: 'acme', type: 'Track', event: 'Signed Up', user: 'u1', messageId: 'm1' },
    '{"a":1}',
  );
  const shows = (filter: Partial<TabFilter>): boolean =>
    matchesTab(event, { topics: new Set(['events'] as const), ...filter });
  assert.ok(
    shows({}) && shows({ connector: 'acme', type: 'track', event: 'Signed Up', user: 'u1', id: 'm1', text: '"a"' }),
  );
  const misses: Partial<TabFilter>[] = [
    { topics: new Set(['commands'] as const) },
    { connector: 'beta' },
    { type: 'page' },
    { event: 'signed up' },
    { user: 'u2' },
    { id: 'm2' },
    { text: '"b"' },
  ];
  for (const filter of misses) assert.equal(shows(filter), false, JSON.stringify(filter));
});

test('a position is of one process, and other text is none', () => {
  assert.equal(parsePosition('abc', formatPosition('abc', 42)), 42);
  for (const text of [undefined, '', 'abd.42', 'abc.-1', 'abc.4x', '42'])
    assert.equal(parsePosition('abc', text), undefined);
});
