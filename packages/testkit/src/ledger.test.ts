import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLedger } from './ledger.ts';

const at = (offset: number, partition = 0) => ({ position: { topic: 't', partition, offset: BigInt(offset) } });

test('everything produced and observed once in order balances', () => {
  const ledger = createLedger();
  for (const offset of [0, 1, 2]) ledger.produced({ ...at(offset), commandId: `c${offset}` });
  for (const offset of [0, 1, 2]) ledger.observed({ ...at(offset), commandId: `c${offset}` });
  ledger.assertExactlyOnce();
  assert.deepEqual(ledger.report(), {
    produced: 6,
    observed: 6,
    missing: [],
    duplicated: [],
    outOfOrder: [],
    unexpected: [],
  });
});

test('a record that was never observed is missing, even when another one makes up the count', () => {
  const ledger = createLedger();
  for (const offset of [0, 1]) ledger.produced(at(offset));
  for (const offset of [0, 0]) ledger.observed(at(offset));
  assert.deepEqual(ledger.report().missing, ['t:0:1']);
  assert.throws(() => ledger.assertAtLeastOnce(), /missing 1: t:0:1/);
});

test('an id observed again is duplicated, which only at-least-once tolerates', () => {
  const ledger = createLedger();
  ledger.produced({ commandId: 'a' });
  for (let times = 0; times < 3; times += 1) ledger.observed({ commandId: 'a' });
  assert.deepEqual(ledger.report().duplicated, [{ id: 'command:a', times: 3 }]);
  ledger.assertAtLeastOnce();
  assert.throws(() => ledger.assertExactlyOnce(), /duplicated 1: command:a \(3 times\)/);
});

test('what was never produced is unexpected, also with nothing produced at all', () => {
  const ledger = createLedger();
  ledger.observed(at(7));
  assert.deepEqual(ledger.report().unexpected, ['t:0:7']);
  assert.throws(() => ledger.assertAtLeastOnce(), /unexpected 1: t:0:7/);
});

test('an overtaken record is out of order within its partition', () => {
  const ledger = createLedger();
  for (const offset of [0, 1, 2]) ledger.produced(at(offset));
  for (const offset of [0, 2, 1]) ledger.observed(at(offset));
  assert.deepEqual(ledger.report().outOfOrder, [{ lane: 't:0', id: 't:0:1', after: 't:0:2' }]);
  assert.throws(() => ledger.assertAtLeastOnce(), /outOfOrder 1: t:0:1 after t:0:2 in lane t:0/);
});

test('partitions have no order among each other, and lanes none within a partition', () => {
  const ledger = createLedger();
  ledger.produced(at(0, 0));
  ledger.produced(at(0, 1));
  ledger.produced({ ...at(1, 0), lane: 'ann' });
  ledger.produced({ ...at(2, 0), lane: 'bob' });
  for (const entry of [at(2, 0), at(1, 0), at(0, 1), at(0, 0)]) ledger.observed(entry);
  ledger.assertExactlyOnce();
});

test('commands of one lane observed in another order are reported', () => {
  const ledger = createLedger();
  for (const commandId of ['a', 'b']) ledger.produced({ commandId, lane: 'ann' });
  for (const commandId of ['b', 'a']) ledger.observed({ commandId });
  assert.deepEqual(ledger.report().outOfOrder, [{ lane: 'command:ann', id: 'command:a', after: 'command:b' }]);
});

test('a redelivery from an earlier offset is a duplicate and no breach of order', () => {
  const ledger = createLedger();
  for (const offset of [0, 1, 2]) ledger.produced(at(offset));
  for (const offset of [0, 1, 0, 1, 2]) ledger.observed(at(offset));
  ledger.assertAtLeastOnce();
});

test('entering an id as produced twice is refused, and so is an entry without an id', () => {
  const ledger = createLedger();
  ledger.produced(at(0));
  assert.throws(() => ledger.produced(at(0)), /t:0:0 was entered as produced twice/);
  assert.throws(() => ledger.observed({}), /needs a position or a command id/);
});

test('a long list of faults is cut in the message', () => {
  const ledger = createLedger();
  for (let offset = 0; offset < 25; offset += 1) ledger.produced(at(offset));
  assert.throws(() => ledger.assertExactlyOnce(), /missing 25: .*t:0:9, and 15 more$/m);
});
