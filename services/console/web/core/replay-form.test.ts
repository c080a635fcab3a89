import assert from 'node:assert/strict';
import { test } from 'node:test';
import { furthestStep, problemsOf, readReplayForm, toReplayRequest, type ReplayForm } from './replay-form.ts';

const now = Date.parse('2026-11-29T12:00:00.000Z');

const form = (fields: Partial<ReplayForm>): ReplayForm => readReplayForm({ source: 'events', ...fields });

test('an address leads to the step that is not in order yet', () => {
  assert.equal(furthestStep(readReplayForm({})), 'source');
  assert.equal(furthestStep(form({ range: 'times' })), 'range');
  assert.equal(furthestStep(form({ rate: 'many' })), 'filters');
  assert.equal(furthestStep(form({})), 'forecast');
});

test('what is wrong with a range is told at its field', () => {
  const wrong = (fields: Partial<ReplayForm>) => Object.keys(problemsOf('range', form(fields)));
  assert.deepEqual(wrong({ range: 'last', period: 'long' }), ['period']);
  assert.deepEqual(wrong({ range: 'times' }), ['from']);
  assert.deepEqual(wrong({ range: 'times', from: '2026-11-29T12:00:00Z', to: '2026-11-29T11:00:00Z' }), ['to']);
  assert.deepEqual(wrong({ range: 'someday' }), ['range']);
  assert.deepEqual(wrong({ range: 'all' }), []);
  for (const offsets of ['', '0', '0:', '0:1-2-3', '0:1;1:2', 'a:1-2'])
    assert.deepEqual(wrong({ range: 'offsets', offsets }), ['offsets']);
  for (const offsets of ['0:1', '0:1-2', '0:100-', '0:1-2,3:9223372036854775-'])
    assert.deepEqual(wrong({ range: 'offsets', offsets }), []);
});

test('a form in order becomes the request that it shows', () => {
  assert.deepEqual(
    toReplayRequest(form({ range: 'last', period: '2h', connector: 'acme', rate: '50', force: 'yes' }), now),
    {
      source: 'events',
      range: { kind: 'times', from: '2026-11-29T10:00:00.000Z' },
      connector: 'acme',
      user: '',
      account: '',
      type: '',
      event: '',
      force: true,
      recordsPerSecond: 50,
    },
  );
  assert.deepEqual(toReplayRequest(form({ range: 'all' }), now).range, { kind: 'all' });
  assert.deepEqual(toReplayRequest(form({ range: 'offsets', offsets: '0:1-' }), now).range, {
    kind: 'offsets',
    offsets: '0:1-',
  });
  const times = { range: 'times', from: '2026-11-29T10:00:00Z', to: '2026-11-29T11:00:00Z' };
  assert.deepEqual(toReplayRequest(form(times), now).range, { kind: 'times', from: times.from, to: times.to });
  assert.equal(toReplayRequest({ ...form({}), source: 'commands' }, now).source, 'commands');
});
