import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createSseParser } from './sse-parser.ts';

const STREAM = [
  ': heartbeat',
  '',
  'retry: 3000',
  'id: 7',
  'event: rows',
  'data: {"a":',
  'data: 1}',
  '',
  'data:no blank',
  '',
  'event: ping',
  '',
  'id',
  'data',
  '',
  'data: not complete',
].join('\n');

const EVENTS = [
  { event: 'rows', data: '{"a":\n1}', lastEventId: '7' },
  { event: 'message', data: 'no blank', lastEventId: '7' },
  { event: 'message', data: '', lastEventId: '' },
];

test('events are read as the specification has it', () => {
  const parser = createSseParser();
  assert.deepEqual(parser.push(STREAM), EVENTS);
  assert.equal(parser.retryMs, 3_000);
});

test('it does not matter how lines end and where chunks are cut', () => {
  const ends = fc.constantFrom('\n', '\r\n', '\r');
  fc.assert(
    fc.property(ends, fc.array(fc.nat(STREAM.length + 20), { maxLength: 10 }), (end, cuts) => {
      const text = STREAM.replaceAll('\n', end);
      const places = [0, ...cuts.filter((cut) => cut < text.length).toSorted((a, b) => a - b), text.length];
      const parser = createSseParser();
      const events = places.slice(1).flatMap((to, index) => parser.push(text.slice(places[index], to)));
      assert.deepEqual(events, EVENTS);
    }),
  );
});
