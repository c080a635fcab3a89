import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { systemClock } from '@astrolabe/service-kit/clock';
import { PipelineError, isPipelineError } from '@astrolabe/service-kit/errors';
import { decodeChunk, encodeChunk } from './chunk/chunk-codec.ts';
import { SharedLinger } from './chunk/shared-linger.ts';
import { tagOf } from './command-key.ts';
import { createInMemoryChangelog } from './changelog/in-memory-changelog.ts';
import type { LedgerChangelog } from './changelog/ledger-changelog.ts';
import type { PartitionLedger } from './partition-ledger.ts';
import { commandIdOf, delivery } from './testing/deliveries.ts';
import {
  PARTITION,
  WINDOW_MS,
  createTestClock,
  openLedger,
  temporaryDirectory,
  type OpenOptions,
} from './testing/open-ledger.ts';

function setUp(t: TestContext) {
  const root = temporaryDirectory();
  const clock = createTestClock();
  const changelog = createInMemoryChangelog(() => clock.nowMs());
  const opened: PartitionLedger[] = [];
  t.after(async () => {
    for (const ledger of opened) await ledger.close(AbortSignal.abort()).catch(() => undefined);
    root.remove();
  });
  const directory = join(root.path, 'partition');
  const open = async (options: Partial<OpenOptions> = {}) => {
    const ledger = await openLedger({ directory, changelog, clock, ...options });
    opened.push(ledger);
    return ledger;
  };
  const entry = (name: string | number) => delivery(name, { atMs: clock.nowMs(), offset: 7n });
  const segments = () => readdirSync(directory).filter((name) => name.endsWith('.segment'));
  return { root, clock, changelog, directory, open, entry, segments };
}

test('a delivery is known at once, and recorded only when the changelog has it', async (t) => {
  const { changelog, open, entry } = setUp(t);
  const ledger = await open();
  const gate = changelog.hold();
  let isRecorded = false;
  const recorded = ledger.record(entry(1)).then(() => {
    isRecorded = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(ledger.lookup(commandIdOf(1)), entry(1));
  assert.equal(isRecorded, false);
  assert.deepEqual(changelog.chunks(PARTITION), []);
  gate.release();
  await recorded;
  assert.equal(changelog.chunks(PARTITION).length, 1);
});

const failedAt = (name: string, offset: bigint, atMs: number, count = 1) => {
  return { commandId: commandIdOf(name), offset, count, firstAtMs: atMs, spentMs: 100 * count, atMs };
};

test('failed attempts are known at once, and to the next owner, with the disk of the last one or without', async (t) => {
  const { root, clock, changelog, open, entry } = setUp(t);
  const ledger = await open();
  ledger.recordAttempts(failedAt('a', 3n, clock.nowMs()));
  ledger.recordAttempts(failedAt('a', 3n, clock.nowMs(), 2));
  ledger.recordAttempts(failedAt('b', 4n, clock.nowMs()));
  const known = failedAt('a', 3n, clock.nowMs(), 2);
  assert.deepEqual(ledger.attempts(commandIdOf('a')), known);
  await ledger.record(entry('other'));
  assert.deepEqual(
    changelog.chunks(PARTITION).map(({ bytes }) => decodeChunk(bytes).attempts.length),
    [2, 0],
  );
  await ledger.close();
  const here = await open();
  assert.deepEqual(here.attempts(commandIdOf('a')), known);
  await here.close();
  const elsewhere = await open({ directory: join(root.path, 'elsewhere') });
  assert.deepEqual(elsewhere.attempts(commandIdOf('a')), known);
  assert.equal(elsewhere.lookup(commandIdOf('a')), undefined, 'it has not ended');
  assert.equal(elsewhere.lookup(commandIdOf('other'))?.outcome, 'delivered');
});

test('failed attempts are forgotten when the command has ended, and with the window', async (t) => {
  const { clock, open, entry } = setUp(t);
  const ledger = await open();
  ledger.recordAttempts(failedAt('a', 7n, clock.nowMs()));
  ledger.recordAttempts(failedAt('b', 8n, clock.nowMs()));
  await ledger.record(entry('a'));
  assert.equal(ledger.attempts(commandIdOf('a')), undefined);
  await ledger.close();
  const next = await open();
  assert.equal(next.attempts(commandIdOf('a')), undefined);
  assert.equal(next.attempts(commandIdOf('b'))?.count, 1);
  clock.advance(WINDOW_MS + 1);
  assert.equal(next.attempts(commandIdOf('b')), undefined);
});

test('failed attempts of an owner that did not know that it had lost the partition are read with its deliveries', async (t) => {
  const { root, clock, open, entry } = setUp(t);
  const former = await open({ directory: join(root.path, 'former') });
  const ledger = await open();
  former.recordAttempts(failedAt('a', 3n, clock.nowMs()));
  await former.record(entry('by the former'));
  await ledger.record(entry('by the next'));
  await ledger.close();
  const again = await open();
  assert.equal(again.attempts(commandIdOf('a'))?.count, 1);
  assert.equal(again.lookup(commandIdOf('by the former'))?.outcome, 'delivered');
});

test('deliveries recorded together share a record of the changelog, up to the limit of a chunk', async (t) => {
  const { changelog, open, entry } = setUp(t);
  const ledger = await open({ maxChunkDeliveries: 100 });
  await Promise.all(Array.from({ length: 250 }, (_, index) => ledger.record(entry(index))));
  assert.deepEqual(
    changelog.chunks(PARTITION).map(({ bytes }) => decodeChunk(bytes).count),
    [100, 100, 50],
  );
  for (let index = 0; index < 250; index += 1) assert.deepEqual(ledger.lookup(commandIdOf(index)), entry(index));
});

test('a chunk that Kafka did not take is stored again until it has it', async (t) => {
  const { changelog, open, entry } = setUp(t);
  const ledger = await open();
  for (const stored of [false, true]) {
    changelog.failWith(new PipelineError('kafka.unavailable', 'no broker', { retryable: true }), { stored });
    let isRecorded = false;
    const recorded = ledger.record(entry(String(stored))).then(() => {
      isRecorded = true;
    });
    for (let turns = 0; turns < 10; turns += 1) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(isRecorded, false);
    changelog.failWith(undefined);
    await recorded;
  }
  assert.deepEqual(ledger.lookup(commandIdOf('true')), entry('true'));
});

test('a delivery is stored at whichever moment of storing another one it is recorded', async (t) => {
  const { root, open, entry } = setUp(t);
  const ledger = await open();
  for (let ticks = 0; ticks < 40; ticks += 1) {
    const first = ledger.record(entry(`first ${ticks}`));
    await first;
    for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
    await ledger.record(entry(`second ${ticks}`));
  }
  // Where the copy is not written after each chunk, the end of storing comes within a few ticks.
  const lazy = await open({ directory: join(root.path, 'lazy'), copyAfterBytes: 1_000_000 });
  for (let ticks = 0; ticks < 40; ticks += 1) {
    await lazy.record(entry(`first ${ticks}`));
    for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
    await lazy.record(entry(`second ${ticks}`));
  }
});

test('what Kafka refuses for good is a fault of every delivery that waits, and of all later ones', async (t) => {
  const { changelog, open, entry } = setUp(t);
  const ledger = await open();
  changelog.failWith(new PipelineError('kafka.request-refused', 'not authorized', { retryable: false }));
  const results = await Promise.allSettled([ledger.record(entry(1)), ledger.record(entry(2))]);
  for (const result of [...results, ...(await Promise.allSettled([ledger.record(entry(3))]))]) {
    assert.ok(result.status === 'rejected' && isPipelineError(result.reason, 'kafka.request-refused'));
  }
});

test('closing stores what is in hand', async (t) => {
  const { changelog, open, entry } = setUp(t);
  const ledger = await open({ linger: new SharedLinger(systemClock, 60_000) });
  const recorded = ledger.record(entry(1));
  await ledger.close();
  await recorded;
  assert.equal(changelog.chunks(PARTITION).length, 1);
  await assert.rejects(ledger.record(entry(2)));
});

test('once a partition is about to be given up, none of its deliveries waits for others', async (t) => {
  const { changelog, open, entry } = setUp(t);
  const ledger = await open({ linger: new SharedLinger(systemClock, 60_000) });
  const before = ledger.record(entry(1));
  ledger.hasten();
  await before;
  await ledger.record(entry(2));
  assert.equal(changelog.chunks(PARTITION).length, 2);
});

test('closing within a deadline that has passed leaves what is in hand pending', async (t) => {
  const { changelog, open, entry } = setUp(t);
  const ledger = await open();
  changelog.hold();
  const recorded = ledger.record(entry(1));
  const late = new Error('too late');
  await ledger.close(AbortSignal.abort(late));
  await assert.rejects(recorded, (error) => error === late);
});

test('a restart on the same disk reads nothing of the changelog but what is newer than the local copy', async (t) => {
  const { changelog, open, entry } = setUp(t);
  const first = await open();
  for (let index = 0; index < 20; index += 1) await first.record(entry(index));
  await first.close();
  let read = 0;
  const second = await open({
    changelog: {
      ...changelog,
      read: (partition, range, onChunks) =>
        changelog.read(partition, range, (chunks) => {
          read += chunks.length;
          return onChunks(chunks);
        }),
    } satisfies LedgerChangelog,
  });
  // The last chunk of the copy is read for comparison.
  assert.equal(read, 1);
  assert.equal(second.stats().entries, 20);
  for (let index = 0; index < 20; index += 1) assert.deepEqual(second.lookup(commandIdOf(index)), entry(index));
});

test('a partition that comes back is brought up to what another owner has stored meanwhile', async (t) => {
  const { root, changelog, open, entry } = setUp(t);
  const here = await open();
  await here.record(entry('before'));
  await here.close();
  const elsewhere = await open({ directory: join(root.path, 'elsewhere') });
  assert.deepEqual(elsewhere.lookup(commandIdOf('before')), entry('before'));
  await elsewhere.record(entry('meanwhile'));
  await elsewhere.close();
  const back = await open();
  assert.deepEqual(back.lookup(commandIdOf('meanwhile')), entry('meanwhile'));
  assert.equal(changelog.readsFrom.at(-1), 0n);
});

test('chunks of an owner that is late to know of its loss are read before the next own one', async (t) => {
  const { changelog, open, entry } = setUp(t);
  const ledger = await open();
  await ledger.record(entry('own'));
  await changelog.append(PARTITION, encodeChunk([entry('of the late owner')]));
  await ledger.record(entry('own too'));
  await ledger.close();
  const next = await open();
  assert.deepEqual(changelog.readsFrom.at(-1), 2n);
  for (const name of ['own', 'of the late owner', 'own too']) {
    assert.deepEqual(next.lookup(commandIdOf(name)), entry(name));
  }
});

test('a local copy of another changelog is thrown away, not believed', async (t) => {
  for (const length of [0, 1, 2, 9]) {
    await t.test(`the new topic has ${length} chunks`, async (inner) => {
      const { changelog, open, entry } = setUp(inner);
      const ledger = await open();
      for (const name of ['a', 'b']) await ledger.record(entry(name));
      await ledger.close();
      changelog.recreate();
      for (let index = 0; index < length; index += 1) {
        await changelog.append(PARTITION, encodeChunk([entry(index)]));
      }
      const next = await open();
      assert.equal(next.lookup(commandIdOf('a')), undefined);
      assert.equal(next.stats().entries, length);
    });
  }
});

test('if the topic is recreated under a running ledger, what the old topic said no longer counts', async (t) => {
  const { changelog, open, entry } = setUp(t);
  const ledger = await open();
  for (const name of ['a', 'b']) await ledger.record(entry(name));
  changelog.recreate();
  await ledger.record(entry('c'));
  await ledger.close();
  const next = await open();
  assert.equal(next.lookup(commandIdOf('a')), undefined);
  assert.deepEqual(next.lookup(commandIdOf('c')), entry('c'));
});

test('a delivery is known for exactly its window, and its disk and memory are given back within a twelfth more', async (t) => {
  const { clock, open, entry, segments } = setUp(t);
  const ledger = await open();
  const startedAtMs = clock.nowMs();
  for (let step = 0; step < 36; step += 1) {
    await ledger.record(entry(step));
    clock.advance(WINDOW_MS / 12);
  }
  const atMsOf = (step: number): number => startedAtMs + (step * WINDOW_MS) / 12;
  for (let step = 0; step < 36; step += 1) {
    assert.equal(ledger.lookup(commandIdOf(step)) !== undefined, atMsOf(step) > clock.nowMs() - WINDOW_MS);
  }
  assert.ok(ledger.stats().segments <= 14, String(ledger.stats().segments));
  clock.advance(WINDOW_MS);
  await ledger.expire();
  assert.equal(ledger.stats().entries, 0);
  assert.deepEqual(segments(), []);
});

test('deliveries that are older than the window are not copied from the changelog', async (t) => {
  const { root, clock, changelog, open, entry } = setUp(t);
  await changelog.append(PARTITION, encodeChunk([entry('old')]));
  clock.advance(WINDOW_MS);
  await changelog.append(PARTITION, encodeChunk([entry('new')]));
  const ledger = await open({ directory: join(root.path, 'fresh') });
  assert.equal(ledger.stats().entries, 1);
  assert.deepEqual(changelog.readsFrom, [1n]);
});

test('two ids with the same tag are never taken for each other', async (t) => {
  const { open, clock } = setUp(t);
  const ledger = await open();
  // The tag begins as w0 * a ^ w1 * b ^ w2 * c ^ w3 * d: w1 = 1, w2 = 0 gives what w1 = 0, w2 = b / c gives.
  const [b, c] = [0x85ebca77, 0xc2b2ae3d];
  let inverse = 1;
  for (let step = 0; step < 5; step += 1) inverse = Math.imul(inverse, 2 - Math.imul(c, inverse));
  const one = keyOf(0, 1, 0, 0);
  const other = keyOf(0, 0, Math.imul(b, inverse), 0);
  assert.equal(tagOf(one, 0), tagOf(other, 0));
  await ledger.record(delivery('', { commandId: one.toString('hex'), atMs: clock.nowMs() }));
  await ledger.close();
  const next = await open();
  assert.equal(next.lookup(other.toString('hex')), undefined);
  assert.notEqual(next.lookup(one.toString('hex')), undefined);
});

function keyOf(...words: number[]): Buffer {
  return Buffer.from(Uint32Array.from(words, (word) => word >>> 0).buffer);
}

test('any text can be an id', async (t) => {
  const { open, clock } = setUp(t);
  const ledger = await open();
  const ids = ['..', '', 'A'.repeat(32), 'ü', '\r\n', 'x'.repeat(10_240)];
  await Promise.all(ids.map((commandId) => ledger.record(delivery('', { commandId, atMs: clock.nowMs() }))));
  for (const commandId of ids) assert.equal(ledger.lookup(commandId)?.commandId, commandId);
});

test('one directory has one owner at a time, and the next one waits for it', async (t) => {
  const { open } = setUp(t);
  const owner = await open();
  await assert.rejects(open(), (error) => isPipelineError(error, 'ledger.locked') && error.retryable);
  const next = open({ lockTimeoutMs: 10_000 });
  await owner.close();
  await next;
});

test('a format of a later version, on disk or on the changelog, is refused and left as it is', async (t) => {
  const { root, changelog, directory, open, entry, segments } = setUp(t);
  const ledger = await open();
  await ledger.record(entry(1));
  await ledger.close();
  const [segment = ''] = segments();
  const path = join(directory, segment);
  const bytes = readFileSync(path);
  bytes.write('ALEDGER2', 'latin1');
  writeFileSync(path, bytes);
  await assert.rejects(open(), (error) => isPipelineError(error, 'ledger.unknown-format'));
  assert.deepEqual(readFileSync(path), bytes);
  const chunk = encodeChunk([entry(2)]);
  chunk[0] = 3;
  await changelog.append(PARTITION, chunk);
  await assert.rejects(open({ directory: join(root.path, 'other') }), (error) =>
    isPipelineError(error, 'ledger.unknown-format'),
  );
});

test('a damaged byte anywhere costs nothing but reading the rest from the changelog again', async (t) => {
  const { clock, directory, open, entry, segments } = setUp(t);
  const ledger = await open();
  for (let index = 0; index < 4; index += 1) {
    await ledger.record(entry(index));
    clock.advance(WINDOW_MS / 8);
  }
  const atMsOf = (index: number): number => clock.nowMs() - ((4 - index) * WINDOW_MS) / 8;
  await ledger.close();
  assert.equal(segments().length, 4);
  const path = join(directory, segments()[1] ?? '');
  const bytes = readFileSync(path);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  writeFileSync(path, bytes);
  const next = await open();
  for (let index = 0; index < 4; index += 1) {
    assert.deepEqual(next.lookup(commandIdOf(index)), { ...entry(index), atMs: atMsOf(index) });
  }
});
