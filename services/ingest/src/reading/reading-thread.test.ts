import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { trackCall } from '@astrolabe/segment/testing';
import type { RequestOrigin } from '../core/record/judge-content.ts';
import type { Endpoint } from '../core/request/endpoints.ts';
import { createInMemoryThread, silentLogger, toText } from '../testing.ts';
import { receivedContent, toBlock, type ReadingCall } from './reading-calls.ts';
import { WorkerThread, readingHeapMegabytes, type ReadingThread } from './reading-thread.ts';

const endpoint: Endpoint = { kind: 'batch', name: 'batch' };
const origin: RequestOrigin = {
  ...{ endpoint, connectorId: 'acme', receivedAtMs: Date.UTC(2026, 2, 1), clientIp: '192.0.2.1' },
  ...{ traceparent: undefined, isTrusted: true },
};
const parse = (text: string): ReadingCall => ({ kind: 'parse', endpoint, body: toBlock(Buffer.from(text)) });
const forget: ReadingCall = { kind: 'forget' };

function start(t: TestContext, heapMegabytes = readingHeapMegabytes(786_432)) {
  const ends: string[] = [];
  const thread = new WorkerThread({ heapMegabytes, logger: silentLogger, onEnded: () => void ends.push('ended') });
  t.after(() => thread.close());
  return { thread, ends };
}

async function read(thread: ReadingThread, text: string) {
  const parsed = await thread.call(parse(text));
  const judged = await thread.call({ kind: 'judge', origin });
  assert.ok(judged.kind === 'judged' && parsed.kind === 'parsed');
  const { events, deadLetters, ...others } = receivedContent(judged.judged);
  return { parsed: parsed.parsed, events: events.map(toText), deadLetters: deadLetters.map(toText), ...others };
}

test('a thread of its own answers as the fake does', async (t) => {
  const text = JSON.stringify({
    batch: [trackCall(1), { type: 'track' }, trackCall(3)],
    sentAt: '2026-03-01T00:00:00Z',
  });
  const { thread } = start(t);
  // A new message id of the bad event is random.
  const withoutIds = (content: unknown) =>
    JSON.stringify(content).replaceAll(/new|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'ID');
  assert.equal(withoutIds(await read(thread, text)), withoutIds(await read(createInMemoryThread(), text)));
  const refused = await thread.call(parse('{"batch":'));
  assert.ok(refused.kind === 'parsed' && refused.parsed.kind === 'refused');
  const bytes = Buffer.alloc(70_000, ' ');
  bytes.write('{"writeKey":"a-key"}');
  const asked = await thread.call({ kind: 'ask', endpoint, question: { kind: 'write-key' }, body: toBlock(bytes) });
  assert.ok(asked.kind === 'evidence' && asked.evidence.kind === 'write-key');
  assert.deepEqual([asked.evidence.key, asked.evidence.body.length, bytes.length], ['a-key', 70_000, 0]);
});

test('what is judged without having been parsed is a defect, and the thread lives on', async (t) => {
  const { thread, ends } = start(t);
  await thread.call(parse('{"batch":[]}'));
  await thread.call(forget);
  assert.equal((await thread.call({ kind: 'judge', origin })).kind, 'failed');
  assert.equal((await thread.call(forget)).kind, 'forgotten');
  assert.deepEqual(ends, []);
});

test('a thread that runs out of memory loses its call and no other, and the next call starts a new one', async (t) => {
  const { thread, ends } = start(t, 24);
  await thread.call(forget);
  const values = 1_000_000;
  await assert.rejects(thread.call(parse('['.repeat(values) + ']'.repeat(values))), {
    code: 'ingest.reading-thread-lost',
    retryable: true,
  });
  assert.deepEqual(ends, ['ended']);
  assert.equal((await thread.call(forget)).kind, 'forgotten');
});

test('closing ends the thread, loses the call under way, and is not taken for a failure', async (t) => {
  const { thread, ends } = start(t);
  const lost = assert.rejects(thread.call(forget), { code: 'ingest.reading-thread-lost' });
  await Promise.all([thread.close(), lost]);
  await assert.rejects(thread.call(forget), { code: 'ingest.reading-thread-lost' });
  assert.deepEqual(ends, []);
});
