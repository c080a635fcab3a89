/** Twenty thousand dead letters and an event of a megabyte, in a browser, on a real broker. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createRecordProducer, readTopic } from '@astrolabe/kafka';
import { partitionFor, toDeadLetter, toHeaders } from '@astrolabe/records';
import type { ErrorCode } from '@astrolabe/service-kit/errors';
import { untilLoaded, violations } from './console-pages.ts';
import { openOwnTopics } from './own-topics.ts';
import { openRealConsole, textsOf, untilTexts } from './real-console.ts';
import type { Place } from './real-traffic.ts';

const ending = new AsyncDisposableStack();
after(() => ending.disposeAsync());
const { topics, connection, logger, variables } = await openOwnTopics(ending, 'console-scale');

const UNMAPPABLE = 15_000;
const INVALID = 5_000;
const ALL = UNMAPPABLE + INVALID;
const MARKUP = '<img src=x onerror=alert(1)>';

function deadLetterOf(connector: string, code: ErrorCode, index: number, note: string) {
  const id = `${connector}-${code}-${index}`;
  const key = Buffer.from(JSON.stringify([connector, 'user', `u${index % 97}`]));
  const event = { type: 'track', event: 'E', userId: `u${index % 97}`, messageId: id, properties: { note } };
  const source = { topic: topics.segmentEvents.name, partition: partitionFor(key, 6), offset: BigInt(index) };
  const headers = toHeaders({ 'connector-id': connector, 'message-id': id });
  const record = { ...source, timestampMs: 0, key, value: Buffer.from(JSON.stringify(event)), headers };
  return toDeadLetter(record, { code, message: 'why', group: 'mapper', atMs: Date.now() });
}

const maxBytes = 1_048_500;
const producer = await createRecordProducer({
  connection,
  logger,
  maxRecordBytes: maxBytes,
  maxRequestBytes: maxBytes,
});
const several = (connector: string, code: ErrorCode, count: number) =>
  Array.from({ length: count }, (_, index) => deadLetterOf(connector, code, index, 'a note'));
const deadLetters = [
  ...several('acme', 'event.unmappable', UNMAPPABLE),
  ...several('acme', 'event.invalid', INVALID),
  deadLetterOf('large', 'event.unmappable', 0, MARKUP + 'x'.repeat(1_000_000)),
];
await producer.send(topics.segmentEventsDeadLetters.name, deadLetters).finally(() => producer.close());

const { open, ask } = await openRealConsole(ending, variables);

test('twenty thousand dead letters are counted to the last one, and a page has a hundred of them', async () => {
  const { page, errors, close } = await open('dead-letters');
  await page.getByText('20,001 wait; 0 redriven, 0 dismissed.').waitFor();
  const cells = page.getByRole('table', { name: 'Dead letters by cause and connector' }).getByRole('cell');
  const causes = await textsOf(cells.filter({ hasText: /^event\./ }));
  assert.deepEqual(
    causes.map((text) => text.split(' ')[0]),
    ['event.unmappable', 'event.invalid', 'event.unmappable'],
  );
  await untilTexts(cells.filter({ hasText: /^[\d,]+$/ }), ['15,000', '5,000', '1']);
  assert.deepEqual([await violations(page), errors], [[], []]);
  await page.getByRole('link', { name: 'event.invalid' }).click();
  await page.getByText('5,000 wait; 0 redriven, 0 dismissed.').waitFor();
  const places = page.getByRole('region', { name: 'One by one' }).getByRole('link', { name: /^partition/ });
  await places.nth(99).waitFor();
  const first = await textsOf(places);
  assert.equal(new Set(first).size, 100);
  await page.getByRole('link', { name: 'Older ones' }).click();
  await page.getByRole('link', { name: 'Back to the newest' }).waitFor();
  await places.nth(99).waitFor();
  const older = await textsOf(places);
  assert.equal(new Set([...first, ...older]).size, 200);
  assert.deepEqual(errors, []);
  await close();
});

test('an event of a megabyte is text, cut until somebody asks for all of it', async () => {
  const { records } = await ask<{ records: readonly Place[] }>('/dead-letters/records?connector=large');
  const { topic, partition, offset } = records[0] ?? assert.fail('there is none');
  const { page, errors, foreign, close } = await open(`dead-letters/${topic}/${partition}/${offset}`);
  await untilLoaded(page, 'Dead letter');
  const text = page.getByRole('region', { name: 'Stored event' });
  const [begun = ''] = await textsOf(text);
  assert.ok(begun.includes(MARKUP) && begun.length < 20_000, `${begun.length} characters`);
  await page.getByRole('button', { name: /^Show all of its 1,000,\d{3} characters$/ }).click();
  await page.getByRole('button', { name: /^Show all/ }).waitFor({ state: 'detached' });
  const whole = (await text.textContent()) ?? '';
  assert.ok(whole.includes(MARKUP) && whole.length > 1_000_000, `${whole.length} characters`);
  assert.equal(await page.locator('main img').count(), 0);
  assert.deepEqual([errors, foreign], [[], []]);
  await close();
});

test('all that match are redriven, each once, after their count was typed', async () => {
  const { page, errors, close } = await open('dead-letters?connector=acme');
  await page.getByText('20,000 wait; 0 redriven, 0 dismissed.').waitFor();
  await page.getByRole('button', { name: 'Redrive all that match' }).click();
  const dialog = page.getByRole('dialog');
  const confirm = dialog.getByRole('button', { name: 'Redrive 20,000 dead letters', exact: true });
  await confirm.waitFor();
  assert.ok(await confirm.isDisabled());
  await dialog.getByRole('textbox').fill('20,000');
  await confirm.click();
  await dialog.getByText('It is under way').waitFor();
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  await page.getByText('0 wait; 20,000 redriven, 0 dismissed.').waitFor();
  const sent: (string | undefined)[] = [];
  await readTopic({ connection, topic: topics.segmentEvents.name }, ({ headers }) => {
    sent.push(headers['message-id']?.toString());
  });
  assert.deepEqual([sent.length, new Set(sent).size], [ALL, ALL]);
  assert.deepEqual(errors, []);
  await close();
});
