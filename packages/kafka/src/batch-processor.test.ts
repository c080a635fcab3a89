import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBatchProcessor, type BatchProcessorOptions } from './batch-processor.ts';
import { recordSizeBytes } from './record.ts';
import { recordedSession, recordsOf } from './testing/records.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A batch processor whose batches end when the test says so. */
function createProcessor(limits: Partial<BatchProcessorOptions> = {}) {
  const session = recordedSession();
  let current: PromiseWithResolvers<void> | undefined;
  const processor = createBatchProcessor({
    session,
    handle: (records) => {
      session.calls.push(`handle ${records.map(({ offset }) => offset).join()}`);
      current = Promise.withResolvers<void>();
      return current.promise;
    },
    maxBatchRecords: 3,
    maxBatchBytes: 1_000_000,
    maxBufferedRecords: 1_000,
    maxBufferedBytes: 1_000_000,
    ...limits,
  });
  const end = async (fault?: Error) => {
    if (fault === undefined) current?.resolve();
    else current?.reject(fault);
    await turn();
  };
  return { session, processor, end };
}

const keys = (count: number): string[] => Array.from({ length: count }, () => 'k');

test('a batch is committed only after it was handled, and the next one starts only then', async () => {
  const { session, processor, end } = createProcessor();
  processor.enqueue(recordsOf(0n, keys(4)), 4n);
  await turn();
  assert.deepEqual(session.calls, ['handle 0,1,2']);
  await end();
  assert.deepEqual(session.calls, ['handle 0,1,2', 'committable 3', 'handle 3']);
  await end();
  assert.deepEqual(session.calls.slice(3), ['committable 4']);
  await processor.idle();
});

test('what arrives while a batch is handled makes up the next one', async () => {
  const { session, processor, end } = createProcessor();
  processor.enqueue(recordsOf(0n, keys(1)), 1n);
  await turn();
  processor.enqueue(recordsOf(1n, keys(1)), 2n);
  processor.enqueue(recordsOf(2n, keys(1)), 3n);
  await end();
  assert.deepEqual(session.calls, ['handle 0', 'committable 1', 'handle 1,2']);
});

test('a batch stays within its bytes, and a record larger than that is a batch of its own', async () => {
  const [small] = recordsOf(0n, ['k']);
  assert.ok(small);
  const { session, processor, end } = createProcessor({
    maxBatchBytes: 2 * recordSizeBytes(small),
    maxBatchRecords: 10,
  });
  processor.enqueue(recordsOf(0n, ['k', 'k', 'k', 'k'.repeat(500), 'k']), 5n);
  await turn();
  for (let batch = 0; batch < 4; batch += 1) await end();
  assert.deepEqual(
    session.calls.filter((call) => call.startsWith('handle')),
    ['handle 0,1', 'handle 2', 'handle 3', 'handle 4'],
  );
});

test('the commit goes past control records: behind a fetch, between two, and in a fetch of nothing else', async () => {
  const { session, processor, end } = createProcessor({ maxBatchRecords: 2 });
  processor.enqueue(recordsOf(0n, keys(2)), 4n);
  processor.enqueue(recordsOf(4n, keys(1)), 6n);
  await turn();
  await end();
  assert.deepEqual(session.calls, ['handle 0,1', 'committable 4', 'handle 4']);
  await end();
  assert.equal(session.committable(), 6n);
  processor.enqueue([], 9n);
  await turn();
  assert.equal(session.committable(), 9n);
  assert.equal(session.calls.at(-1), 'committable 9');
});

test('a batch cut in the middle of a fetch does not commit the rest of it', async () => {
  const { session, processor, end } = createProcessor({ maxBatchRecords: 3 });
  processor.enqueue(recordsOf(0n, keys(2)), 3n);
  processor.enqueue(recordsOf(3n, keys(2)), 6n);
  await turn();
  await end();
  assert.deepEqual(session.calls.slice(0, 2), ['handle 0,1,3', 'committable 4']);
  await end();
  assert.equal(session.committable(), 6n);
});

test('a partition pauses at its limit of records and resumes at half of it', async () => {
  const { session, processor, end } = createProcessor({ maxBufferedRecords: 4, maxBatchRecords: 1 });
  processor.enqueue(recordsOf(0n, keys(3)), 3n);
  processor.enqueue(recordsOf(3n, keys(2)), 5n);
  await turn();
  assert.deepEqual(session.calls, ['pause', 'handle 0']);
  await end();
  await end();
  assert.ok(!session.calls.includes('resume'), 'three are more than half of four');
  await end();
  assert.deepEqual(session.calls.slice(-3), ['committable 3', 'resume', 'handle 3']);
});

test('a partition pauses at its limit of bytes and resumes at half of it', async () => {
  const [record] = recordsOf(0n, ['k']);
  assert.ok(record);
  const maxBufferedBytes = 2 * recordSizeBytes(record);
  const { session, processor, end } = createProcessor({ maxBufferedBytes, maxBatchRecords: 1 });
  processor.enqueue(recordsOf(0n, keys(2)), 2n);
  await turn();
  await end();
  assert.deepEqual(session.calls, ['pause', 'handle 0', 'committable 1', 'resume', 'handle 1']);
});

test('a batch whose handling rejects is a fault, is never committed, and nothing follows it', async () => {
  const { session, processor, end } = createProcessor({ maxBatchRecords: 1 });
  processor.enqueue(recordsOf(0n, keys(2)), 2n);
  await turn();
  const fault = new TypeError('defect');
  await end(fault);
  assert.deepEqual(session.faults, [fault]);
  processor.enqueue(recordsOf(2n, keys(1)), 3n);
  await turn();
  assert.deepEqual(session.calls, ['handle 0', 'fail']);
  await processor.idle();
});

test('a batch that is abandoned with its session is no fault', async () => {
  const { session, processor, end } = createProcessor();
  processor.enqueue(recordsOf(0n, keys(1)), 1n);
  await turn();
  session.abort();
  const stopped = processor.stop();
  await end(new Error('abandoned'));
  await stopped;
  assert.deepEqual(session.calls, ['handle 0']);
});

test('a stop waits for the batch under way and starts no other, and late records are ignored', async () => {
  const { session, processor, end } = createProcessor({ maxBatchRecords: 1 });
  processor.enqueue(recordsOf(0n, keys(2)), 2n);
  await turn();
  let stopped = false;
  const stopping = processor.stop().then(() => (stopped = true));
  processor.enqueue(recordsOf(2n, keys(1)), 3n);
  await turn();
  assert.equal(stopped, false);
  await end();
  await stopping;
  assert.deepEqual(session.calls, ['handle 0', 'committable 1']);
});

test('a stop before the first batch was cut lets none start', async () => {
  const { session, processor } = createProcessor();
  processor.enqueue(recordsOf(0n, keys(1)), 1n);
  await processor.stop();
  assert.deepEqual(session.calls, []);
});
