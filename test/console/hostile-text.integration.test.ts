/** What others sent is text: it is shown, never run, never interpreted, and never slows the page down. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { launchChromium } from '@astrolabe/testkit/browser';
import { deadLetter, liveRow } from '@astrolabe/console/web-testing';
import { openConsole, untilLoaded, violations } from './console-pages.ts';

const browser = await launchChromium(process.env);
after(() => browser.close());

const MARKUP = `<img src=x onerror="document.title='run'"><script>document.title='run'</script>`;
const TOPIC = 'astrolabe.commands.dlq.v1';
const PATH = `dead-letters/${TOPIC}/3/41`;

function holding(text: string) {
  const { decoded: _decoded, request: _request, ...rest } = deadLetter(TOPIC, 3, '41');
  const body = { ...rest, stored: { kind: 'text', text }, message: text.slice(0, 2_000), connector: text.slice(0, 60) };
  return { scripted: { [`GET /${PATH}`]: { status: 200, body } } };
}

test('markup in a payload, a message and an id stays text', async (t) => {
  const opened = await openConsole(t, browser, holding(`{"name":"${MARKUP.replaceAll('"', '\\"')}"}`));
  const { page, errors } = await opened.open(PATH);
  await untilLoaded(page, 'Dead letter');
  assert.match(
    (await page.getByRole('region', { name: 'Stored record' }).textContent()) ?? '',
    /<img src=x onerror=.*<script>/,
  );
  assert.equal(await page.locator('main img, main script').count(), 0);
  assert.equal(await page.title(), 'Dead letter · Astrolabe');
  assert.deepEqual(errors, []);
});

test('directions, controls and halves of pairs are shown by their code points', async (t) => {
  const opened = await openConsole(t, browser, holding('{"file":"user\u202Egpj.exe","a":"\u200b\ud800","b":"\u0000"}'));
  const { page } = await opened.open(PATH);
  await untilLoaded(page, 'Dead letter');
  const shown = await page.getByRole('region', { name: 'Stored record' }).textContent();
  assert.equal(shown?.trim(), '{\n  "file": "userU+202Egpj.exe",\n  "a": "U+200BU+D800",\n  "b": "U+0000"\n}');
  assert.equal((await page.locator('.hidden-mark[title="right-to-left override"]').count()) > 0, true);
  assert.deepEqual(await violations(page), []);
});

test('a number of 64 bits is shown to its last digit', async (t) => {
  const opened = await openConsole(t, browser);
  const { page } = await opened.open(`dead-letters/${TOPIC}/3/9007199254740993`);
  await untilLoaded(page, 'Dead letter');
  await page.getByText('offset 9,007,199,254,740,993').waitFor();
  assert.match(
    (await page.getByRole('region', { name: 'Decoded command' }).textContent()) ?? '',
    /"invoice": 9223372036854775807/,
  );
});

test('a megabyte is cut until somebody asks for all of it, and the page answers meanwhile', async (t) => {
  const text = `{"list":[${'"0123456789",'.repeat(87_000)}"end"]}`;
  const opened = await openConsole(t, browser, holding(text));
  const { page } = await opened.open(PATH);
  await untilLoaded(page, 'Dead letter');
  const region = page.getByRole('region', { name: 'Stored record' });
  const first = (await region.textContent()) ?? '';
  assert.ok(first.length < 20_000, `${first.length} characters`);
  await page.getByRole('button', { name: /^Show all of its/ }).click();
  await region.getByText('"end"').waitFor();
  const all = (await region.textContent()) ?? '';
  assert.ok(all.length > text.length);
  await page.getByRole('link', { name: 'Overview' }).click();
  await untilLoaded(page, 'Overview');
});

test('a row of the live view is as harmless as a payload', async (t) => {
  const row = { ...liveRow(0, 1n, 1), event: MARKUP, user: '\u202Eadmin', connector: MARKUP };
  const streams = { '/live/stream': [{ event: 'rows', id: '1', data: { rows: [row], dropped: 0, notRead: 0 } }] };
  const opened = await openConsole(t, browser, { streams });
  const { page, errors } = await opened.open('live');
  await page.getByRole('cell', { name: '<img src=x' }).first().waitFor();
  await page.getByText('U+202Eadmin').waitFor();
  assert.equal(await page.locator('main img').count(), 0);
  assert.deepEqual(errors, []);
});

test('a record is edited as text: what is not touched goes back as it was', async (t) => {
  const opened = await openConsole(t, browser);
  const { page } = await opened.open(PATH);
  await page.getByRole('button', { name: 'Edit, then redrive' }).click();
  const editor = page.getByRole('dialog').getByRole('textbox');
  await editor.fill((await editor.inputValue()).replace('1250.00', '1250.10'));
  await page.getByRole('button', { name: 'Redrive with these changes' }).click();
  await page.getByText('It was sent back to its topic, with your changes.').waitFor();
  const sent = opened.api.requests.find(({ path }) => path === '/dead-letters/redrive-edited')?.body as {
    lines: string[];
  };
  assert.match(sent.lines[0] ?? '', /"amount": 1250\.10, ?"invoice": 9223372036854775807/);
  assert.ok(!sent.lines[0]?.includes('\n'));
});
