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
  ...{ trace: undefined, isTrusted: true },
};
const id = 1;
const load = (text: string | Buffer): ReadingCall => {
  const body = toBlock(Buffer.from(text));
  return { kind: 'load', id, body, encoding: 'none', maxInflatedBytes: 1_000_000 };
};
const parse: ReadingCall = { kind: 'parse', id, endpoint };
const judge: ReadingCall = { kind: 'judge', id, origin };

function start(t: TestContext, heapMegabytes = readingHeapMegabytes(786_432)) {
  const ends: string[] = [];
  const thread = new WorkerThread({ heapMegabytes, logger: silentLogger, onEnded: () => void ends.push('ended') });
  t.after(() => thread.close());
  return { thread, ends };
}

async function read(thread: ReadingThread, text: string) {
  const loaded = await thread.call(load(text));
  const parsed = await thread.call(parse);
  const judged = await thread.call(judge);
  assert.ok(loaded.kind === 'loaded' && judged.kind === 'judged' && parsed.kind === 'parsed');
  const { events, deadLetters, ...others } = receivedContent(judged.judged);
  const read = { loaded: loaded.loaded, parsed: parsed.parsed, ...others };
  return { ...read, events: events.map(toText), deadLetters: deadLetters.map(toText) };
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
  await thread.call(load('{"batch":'));
  const refused = await thread.call(parse);
  assert.ok(refused.kind === 'parsed' && refused.parsed.kind === 'refused');
});

test('a body is handed over, and dropped when nobody wants it', async (t) => {
  const { thread } = start(t);
  const bytes = Buffer.alloc(70_000, ' ');
  bytes.write('{"writeKey":"a-key"}');
  await thread.call({ kind: 'load', id, body: toBlock(bytes), encoding: 'none', maxInflatedBytes: 1_000_000 });
  assert.equal(bytes.length, 0);
  const ask: ReadingCall = { kind: 'ask', id, endpoint, question: { kind: 'write-key' } };
  const { workMs: _ms, ...asked } = await thread.call(ask);
  assert.deepEqual(asked, { kind: 'asked', evidence: { kind: 'write-key', key: 'a-key' }, bodyBytes: 70_000 });
  thread.drop(id);
  assert.equal((await thread.call(ask)).kind, 'absent');
});

test('what is judged without having been parsed is a defect, and the thread lives on', async (t) => {
  const { thread, ends } = start(t);
  await thread.call(load('{"batch":[]}'));
  assert.equal((await thread.call(judge)).kind, 'failed');
  assert.equal((await thread.call(judge)).kind, 'absent');
  assert.deepEqual(ends, []);
});

test('a thread that runs out of memory loses its bodies and no call but one, and the next call starts a new one', async (t) => {
  const { thread, ends } = start(t, 24);
  const values = 1_000_000;
  assert.equal((await thread.call(load('['.repeat(values) + ']'.repeat(values)))).kind, 'loaded');
  await assert.rejects(thread.call(parse), { code: 'ingest.internal', retryable: true });
  assert.deepEqual(ends, ['ended']);
  assert.equal((await thread.call(parse)).kind, 'absent');
});

test('closing ends the thread, loses the call under way, and is not taken for a failure', async (t) => {
  const { thread, ends } = start(t);
  const lost = assert.rejects(thread.call(parse), { code: 'ingest.internal' });
  await Promise.all([thread.close(), lost]);
  await assert.rejects(thread.call(parse), { code: 'ingest.internal' });
  assert.deepEqual(ends, []);
});
