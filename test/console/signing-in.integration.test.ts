/** The pages on the console's own server: its files, its policy, its log-in and its refusals, without brokers. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Page } from 'playwright-core';
import { makeUsersFile, passwordOf, startTestConsole } from '@astrolabe/console/testing';
import { readPages } from '@astrolabe/console/web-testing';
import { launchChromium } from '@astrolabe/testkit/browser';
import { violations } from './console-pages.ts';

const browser = await launchChromium(process.env);
after(() => browser.close());

const BASE = '/console';

interface Opened {
  readonly page: Page;
  readonly errors: readonly string[];
}

async function open(url: string): Promise<Opened> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('responded with a status of'))
      errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.goto(url);
  return { page, errors };
}

test('on its own server every page is loaded under its policy, and says what the server refuses', async (t) => {
  const console = await startTestConsole(t, { basePath: BASE, web: await readPages(BASE) });
  const { page, errors } = await open(`${console.url}/connectors/acme?from=a-link`);
  await page.getByRole('heading', { level: 1, name: 'acme' }).waitFor();
  await page.getByRole('alert').getByText('there is no such path', { exact: false }).first().waitFor();
  for (const name of ['Overview', 'Live', 'Lag', 'Dead letters', 'Replays', 'Topics', 'Audit']) {
    await page.getByRole('link', { name, exact: true }).click();
    await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
  }
  assert.deepEqual(errors, []);
  assert.equal(new URL(page.url()).pathname, `${BASE}/audit`);
});

test('who signs in with a password comes to the page that was asked for, with the role of the mapping', async (t) => {
  const env = {
    CONSOLE_LOGIN: 'basic',
    CONSOLE_USERS_FILE: await makeUsersFile(t, ['ann', 'bob']),
    CONSOLE_SESSION_SECRET: 'a secret of the console for its sessions',
  };
  const roles = 'name:ann=replayer, *=viewer';
  const console = await startTestConsole(t, { basePath: BASE, web: await readPages(BASE), roles, env });
  const { page, errors } = await open(`${console.url}/session`);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.getByLabel('Name').fill('ann');
  await page.getByLabel('Password').fill('a wrong one');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByText('The name or the password is wrong').waitFor();
  assert.deepEqual(await violations(page), []);
  await page.getByLabel('Password').fill(passwordOf('ann'));
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'You' }).waitFor();
  await page.getByText('name:ann=replayer').waitFor();
  await page.getByText('It takes the role admin, and you have replayer.').first().waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  assert.deepEqual(errors, []);
});
