/** The keyboard alone: what can be done with the mouse can be done without it. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { launchChromium } from '@astrolabe/testkit/browser';
import { focused, openConsole, tabTo, untilFocused, untilLoaded, violations } from './console-pages.ts';

const browser = await launchChromium(process.env);
after(() => browser.close());

test('all dead letters that match are redriven with the keyboard alone, and the count has to be typed', async (t) => {
  const opened = await openConsole(t, browser);
  const { page, errors } = await opened.open('dead-letters?connector=acme&code=api.retries-exhausted');
  await untilLoaded(page, 'Dead letters');
  await page.keyboard.press('Tab');
  assert.equal(await focused(page), 'Skip to content');
  await page.keyboard.press('Enter');
  await tabTo(page, 'Redrive all that match');
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Redrive dead letters' });
  await dialog.getByText('Redrive 20,000 dead letters?').waitFor();
  assert.deepEqual(await violations(page), []);
  const confirm = dialog.getByRole('button', { name: 'Redrive 20,000 dead letters' });
  assert.ok(await confirm.isDisabled());
  await page.keyboard.type('20,00');
  assert.ok(await confirm.isDisabled());
  await page.keyboard.type('0');
  await page.keyboard.press('Enter');
  await dialog.getByText('It is under way').waitFor();
  await tabTo(page, 'Close');
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await untilFocused(page, 'BUTTON', 'Redrive all that match');
  const changes = opened.api.requests.filter(({ method }) => method === 'POST');
  assert.deepEqual(
    changes.map(({ path, body }) => [path, body]),
    [
      ['/plans/redrive', { connector: 'acme', code: 'api.retries-exhausted' }],
      ['/plans/plan-1/execute', { confirmation: '20000' }],
    ],
  );
  assert.deepEqual(errors, []);
});

test('Escape ends a dialog without a change', async (t) => {
  const opened = await openConsole(t, browser);
  const { page } = await opened.open('dead-letters');
  await untilLoaded(page, 'Dead letters');
  await tabTo(page, 'Redrive all that match');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByText('Redrive 20,000 dead letters?').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.deepEqual(
    opened.api.requests.filter(({ path }) => path.endsWith('/execute')),
    [],
  );
});

test('a page that is opened takes the focus to its heading, and Back leads to the page before', async (t) => {
  const opened = await openConsole(t, browser);
  const { page } = await opened.open('');
  await untilLoaded(page, 'Overview');
  await tabTo(page, 'Replays');
  await page.keyboard.press('Enter');
  await untilLoaded(page, 'Replays');
  await untilFocused(page, 'H1', 'Replays');
  assert.equal(await page.title(), 'Replays · Astrolabe');
  await page.goBack();
  await untilLoaded(page, 'Overview');
});

test('a replay is planned step by step; its filters are in the address, and its forecast is confirmed by typing', async (t) => {
  const opened = await openConsole(t, browser);
  const { page } = await opened.open('replays/new');
  await untilLoaded(page, 'Plan a replay');
  await page.getByRole('button', { name: 'Next' }).press('Enter');
  await page.getByText('Choose what is to be replayed.').waitFor();
  await page.getByRole('radio', { name: 'Events' }).press('Space');
  await page.getByRole('button', { name: 'Next' }).press('Enter');
  await page.getByRole('radio', { name: 'All that the topic still holds' }).press('Space');
  await page.getByRole('button', { name: 'Next' }).press('Enter');
  await page.getByLabel('Connector').fill('acme');
  await page.getByLabel('Event name').fill('Plan Chosen');
  await page.getByRole('button', { name: 'Next' }).press('Enter');
  await page.getByRole('button', { name: 'Make the forecast' }).press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Replay 8,000 events?').waitFor();
  assert.equal(new URL(page.url()).search, '?source=events&step=forecast&range=all&connector=acme&event=Plan+Chosen');
  await dialog.getByRole('textbox').fill('8,000');
  await page.keyboard.press('Enter');
  await dialog.getByText('It is under way').waitFor();
  const plan = opened.api.requests.find(({ path }) => path === '/plans/replay');
  assert.deepEqual(plan?.body, {
    source: 'events',
    range: { kind: 'all' },
    connector: 'acme',
    event: 'Plan Chosen',
    force: false,
  });
});

test('a plan that has expired is told, and is made again', async (t) => {
  const expired = { code: 'console.plan-expired', detail: 'The plan is gone.', status: 410 };
  const opened = await openConsole(t, browser, {
    scripted: { 'POST /plans/plan-1/execute': { status: 410, body: expired } },
  });
  const { page } = await opened.open('dead-letters');
  await page.getByRole('button', { name: 'Redrive all that match' }).click();
  await page.getByRole('dialog').getByRole('textbox').fill('20000');
  await page.keyboard.press('Enter');
  await page.getByText('The count was made too long ago').waitFor();
  await page.getByRole('button', { name: 'Count again' }).click();
  await page.getByRole('dialog').getByText('Redrive 20,000 dead letters?').waitFor();
});
