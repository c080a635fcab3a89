import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actionNames, auditedActions } from './audited-actions.ts';
import { AuditPage, cursorText, parseCursor } from './audit-page.ts';
import { begunRecord, endedRecord, readAuditRecord, type BegunAction } from './audit-record.ts';

const begun: BegunAction = {
  id: 'a1',
  action: 'dismiss',
  caller: { program: 'console', name: 'eva', role: 'replayer', from: '10.0.0.7' },
  about: 'dead letters of acme',
  request: { connector: 'acme', firstOffset: 9_223_372_036_854_775_807n },
  job: { kind: 'dismiss' },
  begunAtMs: 1_780_000_000_123,
};

test('an action is read back as it was stored, with 64-bit numbers as text', () => {
  const record = begunRecord(begun);
  assert.deepEqual([record.key?.toString(), record.partition], ['a1', 0]);
  const { firstOffset } = begun.request as { firstOffset: bigint };
  const request = { connector: 'acme', firstOffset: firstOffset.toString() };
  const action = { ...begun, request };
  assert.deepEqual(readAuditRecord(record), { kind: 'begun', action });
  const result = { kind: 'done', message: 'all of them', counts: { dismissed: 3 }, after: { waiting: 0 } } as const;
  const ended = endedRecord({ ...begun, endedAtMs: 1_780_000_001_000, result });
  assert.deepEqual(ended.key, record.key);
  assert.deepEqual(readAuditRecord(ended), { kind: 'ended', action, endedAtMs: 1_780_000_001_000, result });
});

test('what a newer version has stored, and what is not a record, is told and stops nobody', () => {
  const kindOf = (value: string | null) => readAuditRecord({ value: value === null ? null : Buffer.from(value) }).kind;
  const text = begunRecord(begun).value?.toString() ?? '';
  assert.equal(kindOf(text.replace('"dismiss"', '"an action of a newer version"')), 'begun');
  for (const value of [null, '', '[]', '{"kind":"paused"}', text.replace('2026', 'then')]) {
    assert.equal(kindOf(value), 'unreadable', value ?? 'null');
  }
});

test('long texts are cut, so that a record always finds its place', () => {
  const read = readAuditRecord(begunRecord({ ...begun, about: 'x'.repeat(5_000_000) }));
  assert.ok(read.kind === 'begun');
  assert.equal(read.action.about.length, 2_001);
});

test('a cursor is read back, and other text is not a cursor', () => {
  for (const cursor of [
    { beforeOffset: 0n, pending: [] },
    { beforeOffset: 12n, pending: ['3f0c9a', 'b-2'] },
  ]) {
    assert.deepEqual(parseCursor(cursorText(cursor)), cursor);
  }
  for (const text of ['', 'x', '-1', '1~', '1~a b', `1~${'a'.repeat(65)}`]) assert.equal(parseCursor(text), undefined);
});

test('each action of the catalogue has one name and a meaning', () => {
  assert.equal(new Set(actionNames).size, actionNames.length);
  for (const { name, meaning } of auditedActions) assert.match(meaning, /^[A-Z].*\.$/, name);
});

test('an action is given out once: by its end, or by its begin, even where either was stored twice', () => {
  const ended = endedRecord({ ...begun, endedAtMs: 1_780_000_001_000, result: { kind: 'done' } });
  const stored = [begunRecord(begun), begunRecord(begun), ended, ended, begunRecord({ ...begun, id: 'a2' })];
  const records = stored.map((record, index) => ({
    ...record,
    topic: 'audit',
    partition: 0,
    offset: BigInt(index),
    timestampMs: 0,
  }));
  const page = new AuditPage({}, 10, { beforeOffset: 5n, pending: [] });
  page.takeBackwards(records.toReversed());
  assert.deepEqual(
    page.entries.map(({ id, end }) => [id, end?.result.kind]),
    [
      ['a2', undefined],
      ['a1', 'done'],
    ],
  );
  assert.deepEqual(page.cursor, { beforeOffset: 0n, pending: [] });
});
