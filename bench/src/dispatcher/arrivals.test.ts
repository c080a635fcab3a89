import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ArrivalCount } from './arrivals.ts';
import { buildCommand, indexOf } from './commands.ts';

test('a command that comes twice counts once', () => {
  const count = new ArrivalCount();
  count.add(1, 7, 10);
  count.add(1, 7, 20);
  assert.deepEqual(count.arrivals(30), {
    commands: 2,
    distinct: 1,
    overtaken: 0,
    firstAtMs: 10,
    lastAtMs: 20,
    nowMs: 30,
  });
});

test('a command that comes after a later one of its user is overtaken, one of another user is not', () => {
  const count = new ArrivalCount();
  count.add(2, 7, 0);
  count.add(1, 8, 0);
  assert.equal(count.arrivals(0).overtaken, 0);
  count.add(1, 7, 0);
  assert.equal(count.arrivals(0).overtaken, 1);
});

test('the time at which a command occurred tells its number', () => {
  for (const index of [0, 1, 255, 1_000_000]) {
    let occurredAt = Number.NaN;
    buildCommand(index, {
      encode: ({ record }) => {
        ({ occurredAt } = record);
        return Buffer.alloc(0);
      },
    });
    assert.equal(indexOf(new Date(occurredAt).toISOString()), index);
  }
});
