import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createManualClock } from '@astrolabe/service-kit/clock';
import type { CommandDecoder } from '@astrolabe/records/serde';
import { causeOf } from './cause.ts';
import { createLenientDecoder } from './lenient-decoder.ts';
import { beginningOf, bytesPayload, cutText, showAll, toPayload } from './payload.ts';

test('a text is shown as it is stored, however it is written, and bytes are shown as bytes', () => {
  const text = '{"n":9223372036854775807,\r\n "a":"\u202e<img onerror=x>"}\u0000';
  assert.deepEqual(toPayload(Buffer.from(text), showAll), { kind: 'text', text });
  assert.deepEqual(toPayload(null, showAll), { kind: 'none' });
  assert.deepEqual(toPayload(Buffer.from([0xff, 0xfe]), showAll), {
    kind: 'bytes',
    base64: '//4=',
    reason: 'it is not UTF-8',
  });
  assert.deepEqual(bytesPayload(Buffer.from('abc'), 'why', showAll, 2), {
    kind: 'bytes',
    base64: 'YWI=',
    reason: 'why',
    left: 1,
  });
});

test('a text that is cut ends with a whole character and says how much is left, and one that fits is whole', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.integer({ min: 1, max: 50 }), (text, max) => {
      const cut = cutText(text, max);
      assert.ok(cut.kind === 'text' && cut.text.length <= max && text.startsWith(cut.text));
      assert.equal(cut.text.length + (cut.left ?? 0), text.length);
      if (text.isWellFormed()) assert.ok(cut.text.isWellFormed());
      if (text.length <= max) assert.equal(cut.left, undefined);
    }),
  );
});

test('where something is masked, bytes are hidden as a whole: texts in them could be read', () => {
  const mask = (text: string): string => text.replaceAll('secret', '***');
  assert.deepEqual(bytesPayload(Buffer.from('\u0000secret'), 'it is Avro', mask), { kind: 'text', text: '\u0000***' });
  assert.equal(bytesPayload(Buffer.from('\u0000open'), 'it is Avro', mask).kind, 'bytes');
});

test('the beginning of a text is what it begins with, lone surrogates included', () => {
  assert.equal(beginningOf('ab\ud800c', 3), 'ab\ud800');
  assert.equal(beginningOf('ab', 3), 'ab');
});

test('a cause is of the catalogue, and a code that nobody knows has none', () => {
  assert.equal(causeOf('api.rejected')?.whoActs, 'customer');
  assert.equal(causeOf('constructor'), undefined);
  assert.equal(causeOf('made.up'), undefined);
});

test('while the registry is away commands are shown as bytes at once, and it is asked again after a pause', async () => {
  const clock = createManualClock();
  let asked = 0;
  let isAway = true;
  const decoder: CommandDecoder = {
    decode: async () => {
      asked += 1;
      if (isAway) throw new Error('the registry cannot be reached');
      return { kind: 'undecodable', code: 'command.unknown-schema', reason: 'it knows no such schema' };
    },
  };
  const lenient = createLenientDecoder(decoder, clock);
  const reasons: string[] = [];
  const decode = async (): Promise<void> => {
    const decoded = await lenient.decode(Buffer.from([0]));
    reasons.push(decoded.kind === 'undecodable' ? decoded.reason : '');
  };
  for (let count = 0; count < 100; count += 1) await decode();
  assert.deepEqual([new Set(reasons), asked], [new Set(['the registry cannot be reached']), 1]);
  isAway = false;
  await clock.advance(10_000);
  await decode();
  assert.deepEqual([reasons.at(-1), asked], ['it knows no such schema', 2]);
});
