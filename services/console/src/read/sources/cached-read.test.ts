import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { createManualClock } from '@astrolabe/service-kit/clock';
import { CachedRead } from './cached-read.ts';

function setUp(freshMs: number | ((tookMs: number) => number) = 1_000) {
  const clock = createManualClock();
  const reads: PromiseWithResolvers<string>[] = [];
  const cached = new CachedRead({
    read: () => {
      const read = Promise.withResolvers<string>();
      reads.push(read);
      return read.promise;
    },
    freshMs,
    waitMs: 500,
    what: 'the topics',
    clock,
    signal: new AbortController().signal,
  });
  return { clock, reads, cached };
}

test('however many ask, there is one read, and none while its value is fresh', async () => {
  const { clock, reads, cached } = setUp();
  const asked = Array.from({ length: 50 }, () => cached.panel());
  assert.equal(reads.length, 1);
  reads[0]?.resolve('first');
  for (const panel of await Promise.all(asked)) assert.deepEqual(panel.kind === 'ready' && panel.value, 'first');
  assert.equal((await cached.panel()).kind, 'ready');
  assert.equal(reads.length, 1);
  await clock.advance(1_000);
  const later = cached.panel();
  assert.equal(reads.length, 2);
  reads[1]?.resolve('second');
  const panel = await later;
  assert.equal(panel.kind === 'ready' && panel.value, 'second');
});

test('a slow read holds nobody up: what is known is shown, and that something is being read', async () => {
  const { clock, reads, cached } = setUp();
  const first = cached.panel();
  await clock.advance(500);
  const pendingPanel = await first;
  assert.ok(pendingPanel.kind === 'pending');
  assert.match(pendingPanel.message, /^the topics: no answer within 0.5 s/);
  reads[0]?.resolve('first');
  await clock.advance(0);
  assert.equal((await cached.panel()).kind, 'ready');
  await clock.advance(1_000);
  const stale = cached.panel();
  await clock.advance(500);
  const panel = await stale;
  assert.equal(panel.kind === 'ready' && panel.value, 'first');
  assert.equal(reads.length, 2);
});

test('a failure is data with its code and what was read before, and is not repeated at once', async () => {
  const { clock, reads, cached } = setUp();
  const before = cached.panel();
  reads[0]?.resolve('first');
  await before;
  await clock.advance(1_000);
  const failing = cached.panel();
  reads[1]?.reject(new PipelineError('kafka.unavailable', 'no broker answers', { retryable: true }));
  const panel = await failing;
  assert.deepEqual(panel.kind === 'unavailable' && [panel.message, panel.code, panel.last?.value], [
    'no broker answers',
    'kafka.unavailable',
    'first',
  ]);
  assert.equal((await cached.panel()).kind, 'unavailable');
  assert.equal(reads.length, 2);
  await clock.advance(2_000);
  const again = cached.panel();
  reads[2]?.resolve('third');
  const recovered = await again;
  assert.equal(recovered.kind === 'ready' && recovered.value, 'third');
});

test('how long a value is fresh may depend on what it cost, and a change makes it old at once', async () => {
  const { clock, reads, cached } = setUp((tookMs) => tookMs * 10);
  const first = cached.panel();
  await clock.advance(400);
  reads[0]?.resolve('first');
  await first;
  assert.deepEqual(cached.timing(), { tookMs: 400, freshMs: 4_000 });
  await clock.advance(3_999);
  await cached.panel();
  assert.equal(reads.length, 1);
  cached.expire();
  const later = cached.panel();
  reads[1]?.resolve('second');
  const panel = await later;
  assert.equal(panel.kind === 'ready' && panel.value, 'second');
});

test('what was being read while something changed is not taken for what is so now', async () => {
  const { reads, cached } = setUp();
  const before = cached.panel();
  cached.expire();
  const after = cached.panel();
  assert.equal(reads.length, 2);
  reads[1]?.resolve('changed');
  const changed = await after;
  assert.equal(changed.kind === 'ready' && changed.value, 'changed');
  reads[0]?.resolve('old');
  await before;
  const now = await cached.panel();
  assert.equal(now.kind === 'ready' && now.value, 'changed');
  assert.equal(reads.length, 2);
});
