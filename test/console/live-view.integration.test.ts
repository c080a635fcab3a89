/** The live view is bounded, can pause, says what it leaves out, and is not read while nobody sees it. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { eventually } from '@astrolabe/testkit';
import { launchChromium } from '@astrolabe/testkit/browser';
import { liveRow } from '@astrolabe/console/web-testing';
import { openConsole, setHidden, untilLoaded } from './console-pages.ts';

const browser = await launchChromium(process.env);
after(() => browser.close());

const PATH = '/live/stream';

function rows(first: number, count: number, dropped = 0) {
  const list = Array.from({ length: count }, (_, index) => liveRow(5 * (first + index), BigInt(first + index), 1));
  return { event: 'rows', id: String(first + count), data: { rows: list, dropped, notRead: 0 } };
}

test('it shows 500 rows at most, and what came too fast is counted', async (t) => {
  const opened = await openConsole(t, browser, { streams: { [PATH]: [rows(0, 300), rows(300, 400, 12)] } });
  const { page } = await opened.open('live');
  await page.getByText('500 shown of 700 that came.').waitFor();
  assert.equal(await page.locator('tbody tr').count(), 500);
  await page.getByText('12 rows left out').waitFor();
});

test('paused, its rows do not move; what came meanwhile is told and then shown', async (t) => {
  const opened = await openConsole(t, browser, { streams: { [PATH]: [rows(0, 3)] } });
  const { page } = await opened.open('live');
  await page.getByText('3 shown of 3 that came.').waitFor();
  await page.getByRole('button', { name: 'Pause' }).click();
  opened.api.send(PATH, rows(3, 2));
  await page.getByRole('button', { name: 'Resume (2 new)' }).waitFor();
  assert.equal(await page.locator('tbody tr').count(), 3);
  await page.getByRole('button', { name: 'Resume (2 new)' }).click();
  await page.getByText('5 shown of 5 that came.').waitFor();
});

test('its stream is closed while the tab is hidden, and goes on behind the last row that was seen', async (t) => {
  const opened = await openConsole(t, browser, { streams: { [PATH]: [rows(0, 3)] } });
  const { page } = await opened.open('live');
  await page.getByText('3 shown of 3 that came.').waitFor();
  await setHidden(page, true);
  await eventually(() => opened.api.openStreams(PATH) === 0, { timeoutMs: 10_000, describe: 'the end of the stream' });
  await setHidden(page, false);
  await eventually(() => opened.api.openStreams(PATH) === 1, { timeoutMs: 10_000, describe: 'a new stream' });
  const asked = opened.api.requests.filter(({ path }) => path === PATH);
  assert.deepEqual(
    asked.map(({ headers }) => headers['last-event-id']),
    [undefined, '3'],
  );
});

test('another filter is another stream, and leaving the page closes it', async (t) => {
  const opened = await openConsole(t, browser);
  const { page } = await opened.open('live?connector=acme');
  await page.getByText('40 shown of 40 that came.').waitFor();
  await page.getByRole('textbox', { name: 'User' }).fill('ada');
  await page.keyboard.press('Enter');
  await eventually(() => opened.api.requests.some(({ path, query }) => path === PATH && query['user'] === 'ada'), {
    timeoutMs: 10_000,
    describe: 'the stream of the new filter',
  });
  assert.equal(new URL(page.url()).search, '?connector=acme&user=ada');
  await page.getByRole('link', { name: 'Overview' }).click();
  await untilLoaded(page, 'Overview');
  await eventually(() => opened.api.openStreams(PATH) === 0, { timeoutMs: 10_000, describe: 'the end of the stream' });
});

test('until every topic is read it does not say that nothing has come', async (t) => {
  const state = (events: string, commands: string) => ({
    event: 'state',
    data: {
      topics: [
        { topic: 'events', state: events },
        { topic: 'commands', state: commands },
      ],
    },
  });
  const opened = await openConsole(t, browser, { streams: { [PATH]: [state('reading', 'starting')] } });
  const { page } = await opened.open('live');
  await page.getByText('The topics are being opened.').waitFor();
  opened.api.send(PATH, state('reading', 'reading'));
  await page.getByText('Nothing has come yet.').waitFor();
});

test('a stream that is refused says why', async (t) => {
  const body = { code: 'console.forbidden', detail: 'The live view takes the role reader.', status: 403 };
  const opened = await openConsole(t, browser, { scripted: { [`GET ${PATH}`]: { status: 403, body } } });
  const { page } = await opened.open('live');
  await page.getByRole('alert').getByText('The live view takes the role reader.').waitFor();
});
