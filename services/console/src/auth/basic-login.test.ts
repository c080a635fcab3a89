import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test, type TestContext } from 'node:test';
import { createManualClock, type ManualClock } from '@astrolabe/service-kit/clock';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import { CookieBrowser } from '../testing/cookie-browser.ts';
import { startTestConsole, type TestConsole } from '../testing/test-console.ts';
import { makeUsersFile, passwordOf, userLine } from '../testing/users.ts';

interface World {
  readonly console: TestConsole;
  readonly clock: ManualClock;
  readonly usersFile: string;
  login(browser: CookieBrowser, name: string, password?: string, headers?: Record<string, string>): Promise<Response>;
  nameIn(browser: CookieBrowser): Promise<unknown>;
}

async function startWorld(t: TestContext, env: Readonly<Record<string, string>> = {}): Promise<World> {
  const clock = createManualClock();
  const usersFile = await makeUsersFile(t, ['ann', 'bob']);
  const console = await startTestConsole(t, {
    roles: 'name:ann=admin, *=viewer',
    clock,
    env: {
      CONSOLE_LOGIN: 'basic',
      CONSOLE_USERS_FILE: usersFile,
      CONSOLE_SESSION_SECRET: 'a secret of the console for its sessions',
      ...env,
    },
  });
  return {
    console,
    clock,
    usersFile,
    login: (browser, name, password = passwordOf(name), headers = {}) =>
      browser.ask(`${console.url}/api/v1/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ name, password }),
      }),
    nameIn: async (browser) => {
      const answer = await browser.ask(`${console.url}/api/v1/session`);
      return ((await answer.json()) as { readonly name: unknown }).name;
    },
  };
}

test('somebody signs in with name and password, and has the role of their name', async (t) => {
  const { console, login, nameIn } = await startWorld(t);
  const browser = new CookieBrowser();
  const answer = await login(browser, 'ann');
  assert.equal(answer.status, 200);
  const { name, role, expiresAt } = (await answer.json()) as Record<string, unknown>;
  assert.deepEqual([name, role, expiresAt], ['ann', 'admin', '2026-01-01T08:00:00.000Z']);
  assert.equal(
    browser.attributesOf(console.url, 'astrolabe-session'),
    'Path=/; Max-Age=28800; HttpOnly; SameSite=Strict',
  );
  assert.equal(await nameIn(browser), 'ann');
  assert.equal(await nameIn(new CookieBrowser()), null);
});

test('over https the cookie is sent over https only, and no other host can set it', async (t) => {
  const { console, login } = await startWorld(t, { CONSOLE_PUBLIC_URL: 'https://console.example' });
  const browser = new CookieBrowser();
  const answer = await login(browser, 'ann', undefined, { origin: 'https://console.example' });
  assert.equal(answer.status, 200);
  assert.equal(
    browser.attributesOf(console.url, '__Host-astrolabe-session'),
    'Path=/; Max-Age=28800; HttpOnly; SameSite=Strict; Secure',
  );
  assert.equal(answer.headers.get('strict-transport-security'), 'max-age=31536000');
});

test('a wrong password and a name that does not exist are refused with the same words', async (t) => {
  const { console, login, nameIn } = await startWorld(t);
  const browser = new CookieBrowser();
  const problems = [];
  for (const [name, password] of [
    ['ann', 'wrong'],
    ['eve', 'wrong'],
    ['__proto__', 'wrong'],
  ] as const) {
    const answer = await login(browser, name, password);
    const { requestId: _id, ...problem } = (await answer.json()) as Record<string, unknown>;
    problems.push(problem);
  }
  assert.equal(problems[0]?.['code'], 'console.login-refused');
  assert.deepEqual(problems[1], problems[0]);
  assert.deepEqual(problems[2], problems[0]);
  assert.equal(await nameIn(browser), null);
  assert.match(await console.metrics(), /console_logins_total\{result="refused"\} 3/);
});

test('after ten wrong passwords from one address, the right one has to wait too', async (t) => {
  const { clock, login } = await startWorld(t);
  const browser = new CookieBrowser();
  for (let attempt = 0; attempt < 10; attempt += 1) assert.equal((await login(browser, 'ann', 'wrong')).status, 401);
  const limited = await login(browser, 'ann');
  assert.equal(limited.status, 429);
  assert.equal(limited.headers.get('retry-after'), '30');
  assert.match(await limited.text(), /console\.login-limited/);
  await clock.advance(30_000);
  assert.equal((await login(browser, 'ann')).status, 200);
});

test('a page of another origin signs nobody in', async (t) => {
  const { login } = await startWorld(t);
  const answer = await login(new CookieBrowser(), 'ann', undefined, { origin: 'https://evil.example' });
  assert.equal(answer.status, 403);
  assert.match(await answer.text(), /console\.origin-refused/);
});

test('a session ends with its time', async (t) => {
  const { clock, login, nameIn } = await startWorld(t, { CONSOLE_SESSION_MINUTES: '10' });
  const browser = new CookieBrowser();
  await login(browser, 'ann');
  clock.jump(599_000);
  assert.equal(await nameIn(browser), 'ann');
  clock.jump(2_000);
  assert.equal(await nameIn(browser), null);
});

test('a session ends when the line of its user is removed or has another password', async (t) => {
  const { usersFile, login, nameIn } = await startWorld(t);
  const ofAnn = new CookieBrowser();
  const ofBob = new CookieBrowser();
  await login(ofAnn, 'ann');
  await login(ofBob, 'bob');
  await writeFile(usersFile, `${userLine('ann', 'another password')}\n`);
  assert.equal(await nameIn(ofAnn), null);
  assert.equal(await nameIn(ofBob), null);
  assert.equal((await login(ofAnn, 'ann')).status, 401);
  assert.equal((await login(ofAnn, 'ann', 'another password')).status, 200);
});

test('a file of users that cannot be used leaves the users as they were', async (t) => {
  const { usersFile, login, nameIn } = await startWorld(t);
  const browser = new CookieBrowser();
  await login(browser, 'ann');
  const text = await readFile(usersFile, 'utf8');
  await writeFile(usersFile, `${text}carol:in plain text\n`);
  assert.equal(await nameIn(browser), 'ann');
  assert.equal((await login(new CookieBrowser(), 'carol', 'in plain text')).status, 401);
});

test('a session that was changed, or that another console made, is not taken', async (t) => {
  const first = await startWorld(t);
  const second = await startWorld(t, { CONSOLE_SESSION_SECRET: 'another secret of another console, as long' });
  const browser = new CookieBrowser();
  await first.login(browser, 'ann');
  const cookie = browser.cookiesOf(first.console.url);
  for (const [console, header] of [
    [second.console, cookie],
    [first.console, `${cookie.slice(0, -6)}AAAAAA`],
    [first.console, `${cookie}; ${cookie}`],
    [first.console, 'astrolabe-session='],
  ] as const) {
    const { body } = await console.ask('GET', '/session', { headers: { cookie: header } });
    assert.equal((body as { readonly signedIn: boolean }).signedIn, false, header.slice(-12));
  }
});

test('signing in again makes another session, and signing out takes it from the browser', async (t) => {
  const { console, login, nameIn } = await startWorld(t);
  const browser = new CookieBrowser();
  await login(browser, 'ann');
  const before = browser.cookiesOf(console.url);
  await login(browser, 'ann');
  assert.notEqual(browser.cookiesOf(console.url), before);
  await browser.ask(`${console.url}/api/v1/logout`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  assert.equal(browser.cookiesOf(console.url), '');
  assert.equal(await nameIn(browser), null);
});

test('a file of users with a fault keeps the console from starting, and the message has the lines but not what is on them', async (t) => {
  const usersFile = await makeUsersFile(t, ['ann']);
  await writeFile(usersFile, `${userLine('ann')}\nbob:secret in plain text\n${userLine('ann')}\n:x\n`);
  const start = startTestConsole(t, {
    env: {
      CONSOLE_LOGIN: 'basic',
      CONSOLE_USERS_FILE: usersFile,
      CONSOLE_SESSION_SECRET: 'a secret of the console for its sessions',
    },
  });
  await assert.rejects(start, (error: Error) => {
    assert.ok(isPipelineError(error, 'console.users-invalid'));
    assert.match(
      error.message,
      /line 2 has no hash .*; line 3 has the name ann, .*; line 4 does not begin with a name/,
    );
    assert.ok(!error.message.includes('secret'));
    return true;
  });
});
