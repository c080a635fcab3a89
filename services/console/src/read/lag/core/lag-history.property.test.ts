import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LagHistory, type LagFigures, type LagPoint } from './lag-history.ts';

const figures = (records: number): LagFigures => ({
  records,
  behindMs: records * 10,
  inPerSecond: undefined,
  outPerSecond: 1,
});

const point = (atMs: number, records: number, connectors: readonly (readonly [string, number])[] = []): LagPoint => ({
  atMs,
  services: [
    { service: 'mapper', total: figures(records), partitions: [figures(records)], byConnector: new Map(connectors) },
  ],
});

const bounds = { keptMs: 1_000, maxPoints: 20, maxConnectors: 2 };

test('the history holds what a plain list of the last points would hold, whatever steps time takes', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -20, max: 400 }), { maxLength: 120 }), (steps) => {
      const history = new LagHistory(bounds);
      let model: LagPoint[] = [];
      let atMs = 10_000;
      steps.forEach((step, index) => {
        atMs += step;
        const added = point(atMs, index);
        history.add(added);
        if (model.length > 0 && atMs <= (model.at(-1)?.atMs ?? 0)) return;
        model = [...model, added].filter((each) => each.atMs >= atMs - bounds.keptMs).slice(-bounds.maxPoints);
      });
      assert.equal(history.size, model.length);
      assert.deepEqual(
        history.series({ service: 'mapper' }, 10_000).map(({ atMs: at, records }) => [at, records]),
        model.map(({ atMs: at, services }) => [at, services[0]?.total.records]),
      );
    }),
  );
});

test('a series has one point for each stretch of time, the last of it, in order and within its bound', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 20 }), (count, maxPoints) => {
      const history = new LagHistory({ ...bounds, keptMs: 1_000_000, maxPoints: 100 });
      for (let index = 0; index < count; index += 1) history.add(point(index * 7, index));
      const series = history.series({ service: 'mapper', partition: 0 }, maxPoints);
      assert.ok(series.length >= 1 && series.length <= maxPoints);
      assert.equal(series.at(-1)?.records, count - 1);
      const times = series.map(({ atMs }) => atMs);
      assert.deepEqual(
        times,
        times.toSorted((a, b) => a - b),
      );
    }),
  );
});

test('of connectors the history keeps those that have most, and does not invent figures for the others', () => {
  const history = new LagHistory(bounds);
  history.add(
    point(1, 60, [
      ['a', 10],
      ['b', 30],
      ['c', 20],
    ]),
  );
  history.add(point(2, 0));
  const recordsOf = (connector: string) =>
    history.series({ service: 'mapper', connector }, 100).map(({ records }) => records);
  assert.deepEqual([recordsOf('b'), recordsOf('c'), recordsOf('a')], [[30, 0], [20, 0], [0]]);
  assert.deepEqual(history.series({ service: 'dispatcher' }, 100), []);
  assert.deepEqual(history.series({ service: 'mapper', partition: 9 }, 100), []);
});
