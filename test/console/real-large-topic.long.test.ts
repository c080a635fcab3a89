/**
 * A topic of many events, in a browser, on a real broker. `CONSOLE_SCALE_RECORDS` says how many; ten million take a few
 * minutes.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createRecordProducer } from '@astrolabe/kafka';
import { headerNames, toHeaders } from '@astrolabe/records';
import { scaledTimeoutMs } from '@astrolabe/testkit';
import { untilLoaded } from './console-pages.ts';
import { openOwnTopics } from './own-topics.ts';
import { openRealConsole } from './real-console.ts';

const EVENTS = Number(process.env['CONSOLE_SCALE_RECORDS'] ?? '200000');
const USERS = EVENTS / 10;
const BATCH = 10_000;
/** What a console that kept only its share of so many events in memory may have more than before. */
const MORE_BYTES = 300 * 2 ** 20;
/** A search is given up after a minute, and says so. */
const SEARCH_MS = 90_000;

const ending = new AsyncDisposableStack();
after(() => ending.disposeAsync());
const { topics, connection, logger, variables } = await openOwnTopics(ending, 'console-large');
const producer = await createRecordProducer({ connection, logger, deliveryTimeoutMs: 120_000 });
ending.defer(() => producer.close());

const messageOf = (number: number): string => `m-${number}-`;

function eventOf(number: number) {
  const userId = `user-${number % USERS}`;
  const messageId = messageOf(number);
  return {
    key: Buffer.from(JSON.stringify(['acme', 'user', userId])),
    value: Buffer.from(JSON.stringify({ type: 'track', event: 'Order Completed', userId, messageId })),
    headers: toHeaders({
      [headerNames.connectorId]: 'acme',
      [headerNames.messageId]: messageId,
      [headerNames.receivedAt]: new Date().toISOString(),
    }),
  };
}

async function store(from: number, count: number): Promise<void> {
  const events = Array.from({ length: count }, (_, at) => eventOf(from + at));
  await producer.send(topics.segmentEvents.name, events);
}

for (let stored = 0; stored < EVENTS; stored += BATCH) await store(stored, Math.min(BATCH, EVENTS - stored));

const { open, metric } = await openRealConsole(ending, variables);

const residentBytes = (): Promise<number> => metric('process_resident_memory_bytes');

test('of a topic of many events an id is found wherever it is, and a live view begins at the end, in bounded memory', async (t) => {
  const before = await residentBytes();
  const found = async (path: string, id: string, hops: number): Promise<void> => {
    const began = performance.now();
    const { page, errors, close } = await open(path);
    page.setDefaultTimeout(scaledTimeoutMs(SEARCH_MS));
    await untilLoaded(page, `Trail of ${id}`);
    assert.equal(await page.locator('li.hop').count(), hops);
    assert.deepEqual(errors, []);
    await close();
    t.diagnostic(`${path}: ${Math.round(performance.now() - began)} ms`);
  };
  for (const number of [0, Math.floor(EVENTS / 2), EVENTS - 1]) {
    await found(`trail/message/${messageOf(number)}`, messageOf(number), 1);
  }
  await found('trail/user/user-7?connector=acme', 'user-7', 10);

  const { page, errors, close } = await open('live');
  await page.getByText('Nothing has come yet.').waitFor();
  await store(EVENTS, 3);
  await page.getByText(/^\s*3\s+shown of\s+3\s+that came\.\s*$/).waitFor();
  assert.deepEqual(errors, []);
  await close();

  const more = (await residentBytes()) - before;
  t.diagnostic(`the console holds ${Math.round(more / 2 ** 20)} MB more than before, of ${EVENTS} events`);
  assert.ok(more < MORE_BYTES, `${more} bytes more`);
});
