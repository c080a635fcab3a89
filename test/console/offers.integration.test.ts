/**
 * Each panel fails by itself; what somebody may not do is not offered, and it is said why; lists that are empty say
 * what to do next.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { launchChromium } from '@astrolabe/testkit/browser';
import { overview } from '@astrolabe/console/web-testing';
import { openConsole, pages, untilLoaded, violations } from './console-pages.ts';

const browser = await launchChromium(process.env);
after(() => browser.close());

const ok = (body: object) => ({ status: 200, body });

test('a panel that fails says why, and the others are there', async (t) => {
  const failing = {
    kind: 'unavailable',
    message: 'no broker answered within 10 s',
    code: 'kafka.unavailable',
  } as const;
  const body = {
    ...overview('1h'),
    waiting: failing,
    freshness: { kind: 'pending', message: 'the metrics are being read' },
  };
  const opened = await openConsole(t, browser, { scripted: { 'GET /overview': ok(body) }, streams: {} });
  const { page } = await opened.open('');
  await page
    .getByRole('region', { name: 'Lag' })
    .getByRole('alert')
    .getByText('No broker answered within 10 s.')
    .waitFor();
  await page.getByRole('region', { name: 'Freshness' }).getByText('The metrics are being read.').waitFor();
  await page.getByRole('region', { name: 'From event to delivery' }).getByText('195,120').waitFor();
  assert.deepEqual(await violations(page), []);
});

test('a value that is old is shown with its age and the reason', async (t) => {
  const last = overview('1h').waiting;
  assert.ok(last.kind === 'ready');
  const body = {
    ...overview('1h'),
    waiting: { kind: 'unavailable', message: 'no broker answers', last: { at: last.at, value: last.value } },
  };
  const opened = await openConsole(t, browser, { scripted: { 'GET /overview': ok(body) }, streams: {} });
  const { page } = await opened.open('');
  await page.getByRole('region', { name: 'Lag' }).getByText('and not newer: No broker answers.').waitFor();
  await page.getByRole('region', { name: 'Lag' }).getByText('4,310').waitFor();
});

test('counts that are too small say since when, in local time with UTC beside it', async (t) => {
  const last = overview('1h').funnel;
  assert.ok(last.kind === 'ready');
  const reasons = ['the console has watched since 2026-11-30T02:00:17.334Z only', 'no ingest is watched'];
  const funnel = { ...last, value: { ...last.value, exactness: { kind: 'at-least', reasons } } };
  const opened = await openConsole(t, browser, {
    scripted: { 'GET /overview': ok({ ...overview('1h'), funnel }) },
    streams: {},
  });
  const { page } = await opened.open('');
  // The browser is in Berlin.
  await page.getByText(/The console has watched since .*03:00:17 only\. No ingest is watched\./).waitFor();
  assert.equal(
    await page
      .getByTitle('2026-11-30 02:00:17.334 UTC')
      .innerText()
      .then((text) => text.slice(-8)),
    '03:00:17',
  );
});

test('a request that fails is told in the words of the answer, and is made again when asked for', async (t) => {
  let asked = 0;
  const detail = 'No broker answered, so the replays are not known; check the brokers.';
  const problem = { code: 'kafka.unavailable', detail, requestId: 'r-17', status: 503 };
  const opened = await openConsole(t, browser, {
    scripted: {
      'GET /replays': () =>
        asked++ === 0
          ? { status: 503, body: problem }
          : ok({ replays: { kind: 'ready', at: new Date().toISOString(), value: { replays: [], older: [] } } }),
    },
  });
  const { page } = await opened.open('replays');
  await page.getByRole('alert').getByText(detail).waitFor();
  await page.getByText('r-17').waitFor();
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('There was no replay yet.').waitFor();
});

test('in a console that is read-only nothing is offered that changes something, and it is said why', async (t) => {
  const opened = await openConsole(t, browser, { session: { readOnly: true } });
  const { page, visit } = await opened.open('');
  for (const [path, heading] of pages) {
    await visit(path);
    await untilLoaded(page, heading);
    assert.equal(
      await page
        .getByRole('button', {
          name: /^(Redrive|Dismiss|Rotate|Retire|Switch|Apply|Register|Send a test|Pause$|Resume$|Cancel)/,
        })
        .filter({ hasNot: page.locator('[aria-pressed]') })
        .and(page.locator(':not([aria-pressed])'))
        .count(),
      0,
      path,
    );
  }
  await visit('dead-letters');
  await page.getByText('Redrive all that match is not offered. This console is read-only.').waitFor();
  assert.deepEqual(await violations(page), []);
});

test('a viewer is told which role payloads take, and asks the server for none', async (t) => {
  const opened = await openConsole(t, browser, { session: { role: 'viewer' } });
  for (const path of ['live', 'trail/message/m1', 'dead-letters/astrolabe.commands.dlq.v1/3/41']) {
    const { page, close } = await opened.open(path);
    await page.getByText('which takes the role reader').waitFor();
    await close();
  }
  assert.deepEqual(
    opened.api.requests.filter(({ path }) => /live|trail|dlq/.test(path)),
    [],
  );
});

test('lists that are empty say what to do next', async (t) => {
  const at = new Date().toISOString();
  const index = { state: 'following', read: 0, total: 0 };
  const none = { kind: 'ready', at, value: { connectors: [] } };
  const opened = await openConsole(t, browser, {
    scripted: {
      'GET /connectors': ok({
        settings: none,
        delivery: none,
        rates: { kind: 'ready', at, value: { overSeconds: 300, connectors: [] } },
        deadLetters: { kind: 'ready', at, value: { isComplete: true, connectors: [] } },
      }),
      'GET /dead-letters': ok({ index, waiting: 0, redriven: 0, dismissed: 0, groups: [] }),
      'GET /jobs': ok({ jobs: [] }),
      'GET /audit': ok({ entries: [] }),
    },
  });
  const { page, visit } = await opened.open('');
  for (const [path, text] of [
    ['connectors', 'There is no connector yet.'],
    ['dead-letters', 'There are no dead letters.'],
    ['jobs', 'There is no job.'],
    ['audit', 'No action is recorded here.'],
    ['trail/user/nobody', 'No user with this id was found.'],
  ] as const) {
    await visit(path);
    await page.getByText(text).waitFor();
    assert.deepEqual(await violations(page), []);
  }
});

test('nobody who is not signed in sees a page; the log-in leads back to the page that was asked for', async (t) => {
  const session = { signedIn: false, login: { mode: 'basic' as const }, name: null, role: null, grantedBy: null };
  const opened = await openConsole(t, browser, { session });
  const { page, errors } = await opened.open('dead-letters?connector=acme');
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  assert.deepEqual(await violations(page), []);
  assert.deepEqual(
    opened.api.requests.map(({ path }) => path),
    ['/session'],
  );
  await page.getByLabel('Name').fill('eva');
  await page.getByLabel('Password').fill('a secret');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Dead letters' }).waitFor();
  assert.equal(new URL(page.url()).search, '?connector=acme');
  assert.deepEqual(opened.api.requests.find(({ method }) => method === 'POST')?.body, {
    name: 'eva',
    password: 'a secret',
  });
  assert.deepEqual(errors, []);
});

test('a key is shown once: after its step it is nowhere in the page', async (t) => {
  const opened = await openConsole(t, browser);
  const { page } = await opened.open('connectors/new');
  await page.getByLabel('Name of the customer or project').fill('Globex (EU)');
  assert.equal(await page.getByLabel('Id, which stays as it is').inputValue(), 'globex-eu');
  await page.getByRole('button', { name: 'Add it and make its key' }).click();
  await page.getByText('ak_live_7Yp2mQ9xT4vB8nKc').waitFor();
  assert.deepEqual(await violations(page), []);
  await page.getByRole('button', { name: 'I have copied it' }).click();
  await page.getByText('What to enter in Segment').waitFor();
  assert.ok(!(await page.content()).includes('ak_live_7Yp2mQ9xT4vB8nKc'));
  assert.deepEqual(await violations(page), []);
  await page.getByRole('button', { name: 'It is entered' }).click();
  await page.getByRole('button', { name: 'Send a test event' }).click();
  await page.getByText('dead letter').first().waitFor();
  assert.deepEqual(await violations(page), []);
});

test('a dialog is in the middle of the window, wherever in its page it was opened', async (t) => {
  const opened = await openConsole(t, browser);
  for (const [path, button] of [
    ['replays/new?source=commands&step=forecast', 'Make the forecast'],
    ['connectors/acme', 'Rotate its key'],
    ['dead-letters', 'Redrive all that match'],
  ] as const) {
    const { page, close } = await opened.open(path, { height: 900 });
    await page.getByRole('button', { name: button }).click();
    const { y, height } = (await page.getByRole('dialog').boundingBox()) ?? assert.fail(`no dialog in ${path}`);
    assert.ok(Math.abs(y - (900 - y - height)) <= 2, `${path}: ${y} px above it, ${900 - y - height} px below it`);
    await close();
  }
});
