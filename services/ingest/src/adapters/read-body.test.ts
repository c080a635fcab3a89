import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { ByteBudget } from '../core/limits/byte-budget.ts';
import { FairSlots } from '../turns.ts';
import { readBody } from './read-body.ts';

test('of a body that is refused while it comes, the rest is read and nothing is kept', async (t) => {
  const limits = { maxBodyBytes: 1_000, maxInflatedBytes: 1_000 };
  const budget = new ByteBudget({ maxBytes: 10_000, minReadMs: 0, nowMs: () => 0 });
  const stream = new PassThrough();
  const request = Object.assign(stream, { headers: {} }) as unknown as IncomingMessage;
  const reading = readBody(request, limits, budget, budget.open(), { owner: 'acme', turn: 'acme' }, new FairSlots(1));
  stream.write(Buffer.alloc(600));
  stream.write(Buffer.alloc(600));
  const read = await reading;
  assert.ok(read.kind === 'refused');
  assert.equal(read.code, 'event.too-large');
  const concat = t.mock.method(Buffer, 'concat');
  stream.end(Buffer.alloc(600));
  await once(stream, 'end');
  assert.equal(concat.mock.callCount(), 0);
});
