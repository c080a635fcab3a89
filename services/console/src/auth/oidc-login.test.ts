import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { createManualClock } from '@astrolabe/service-kit/clock';
import { findFreePorts } from '@astrolabe/testkit';
import { CookieBrowser } from '../testing/cookie-browser.ts';
import { startTestProvider, type TestProvider } from '../testing/open-id-provider.ts';
import { startTestConsole, type TestConsole } from '../testing/test-console.ts';

const SECRET = 'a secret of the console for its sessions';
const CLIENT_SECRET = 'a secret of the console at the provider';
const ROLES = 'groups:pipeline-ops=admin, groups:support=reader, email:eve@example.com=replayer';
const ann = { sub: 'a-1', preferred_username: 'ann', email: 'ann@example.com', groups: ['staff', 'support'] };

interface World {
  readonly console: TestConsole;
  readonly provider: TestProvider;
  readonly browser: CookieBrowser;
  readonly startUrl: string;
  session(): Promise<Record<string, unknown>>;
}

async function startWorld(
  t: TestContext,
  {
    clientSecret,
    roles = ROLES,
    clock = createManualClock(),
  }: { clientSecret?: string; roles?: string; clock?: ReturnType<typeof createManualClock> } = {},
): Promise<World> {
  const [port = 0] = await findFreePorts(1);
  const publicUrl = `http://127.0.0.1:${port}`;
  const redirectUri = `${publicUrl}/ops/login/callback`;
  const provider = await startTestProvider(t, {
    redirectUri,
    clientId: 'console',
    ...(clientSecret !== undefined && { clientSecret }),
  });
  const console = await startTestConsole(t, {
    roles,
    basePath: '/ops',
    clock,
    env: {
      CONSOLE_PORT: String(port),
      CONSOLE_PUBLIC_URL: publicUrl,
      CONSOLE_LOGIN: 'oidc',
      CONSOLE_SESSION_SECRET: SECRET,
      CONSOLE_OIDC_ISSUER: provider.issuer,
      CONSOLE_OIDC_CLIENT_ID: 'console',
      CONSOLE_OIDC_SCOPES: 'openid profile email groups',
      ...(clientSecret !== undefined && { CONSOLE_OIDC_CLIENT_SECRET: clientSecret }),
    },
  });
  const browser = new CookieBrowser();
  return {
    console,
    provider,
    browser,
    startUrl: `${console.url}/login/start`,
    session: async () => {
      const answer = await browser.ask(`${console.url}/api/v1/session`);
      return (await answer.json()) as Record<string, unknown>;
    },
  };
}

for (const [kind, clientSecret] of [
  ['a public client', undefined],
  ['a client with a secret', CLIENT_SECRET],
] as const) {
  test(`somebody signs in at the provider, as ${kind}, and is back at the page that they asked for`, async (t) => {
    const { console, provider, browser, startUrl, session } = await startWorld(t, {
      ...(clientSecret !== undefined && { clientSecret }),
    });
    assert.equal((await session())['signedIn'], false);
    provider.signIn(ann);
    const { status, url } = await browser.visit(`${startUrl}?returnTo=${encodeURIComponent('/lag?period=1h')}`);
    assert.deepEqual([status, url], [200, `${console.url}/lag?period=1h`]);
    const { name, role, grantedBy, claims } = await session();
    assert.deepEqual([name, role, grantedBy], ['ann', 'reader', 'groups:support=reader']);
    assert.deepEqual((claims as Record<string, unknown>)['groups'], ann.groups);
    assert.match(await console.metrics(), /console_logins_total\{result="accepted"\} 1/);
  });
}

test('the session cookie is for this console alone, and the one of the log-in is gone', async (t) => {
  const { console, provider, browser, startUrl } = await startWorld(t);
  provider.signIn(ann);
  await browser.visit(startUrl);
  assert.equal(
    browser.attributesOf(console.url, 'astrolabe-session'),
    'Path=/ops; Max-Age=28800; HttpOnly; SameSite=Strict',
  );
  assert.equal(browser.attributesOf(console.url, 'astrolabe-login'), undefined);
});

test('somebody to whom no rule gives a role is signed in without one, and sees the claims that came', async (t) => {
  const { console, provider, browser, startUrl, session } = await startWorld(t);
  provider.signIn({ sub: 'b-2', preferred_username: 'bob', groups: ['sales'] });
  await browser.visit(startUrl);
  const { signedIn, name, role, claims } = await session();
  assert.deepEqual([signedIn, name, role], [true, 'bob', null]);
  assert.deepEqual((claims as Record<string, unknown>)['groups'], ['sales']);
  assert.match(await console.metrics(), /console_requests_total/);
});

test('an address that the provider has not checked gives no role', async (t) => {
  const { provider, browser, startUrl, session } = await startWorld(t);
  provider.signIn({ sub: 'e-3', email: 'eve@example.com', email_verified: false });
  await browser.visit(startUrl);
  assert.equal((await session())['role'], null);
});

test('somebody with more groups than a cookie holds has the role of the group that counts', async (t) => {
  const { console, provider, browser, startUrl, session } = await startWorld(t);
  const groups = Array.from({ length: 500 }, (_none, index) => `a-group-with-a-long-name-${index}`);
  provider.signIn({ ...ann, groups: [...groups, 'pipeline-ops'] });
  await browser.visit(startUrl);
  const { role, claims, claimsLeft } = await session();
  assert.equal(role, 'admin');
  assert.deepEqual((claims as Record<string, unknown>)['groups'], ['pipeline-ops']);
  assert.deepEqual(claimsLeft, ['groups']);
  const attributes = browser.attributesOf(console.url, 'astrolabe-session') ?? '';
  assert.ok(browser.cookiesOf(`${console.url}/`).length + attributes.length < 4_000);
});

test('a log-in makes a new session: one that somebody planted before is not continued', async (t) => {
  const { console, provider, browser, startUrl, session } = await startWorld(t);
  provider.signIn({ sub: 'm-4', preferred_username: 'mallory', groups: ['support'] });
  const attacker = new CookieBrowser();
  await attacker.visit(startUrl);
  const planted = attacker.cookiesOf(`${console.url}/`);
  browser.plant(console.url, `${planted}; Path=/ops`);
  assert.equal((await session())['name'], 'mallory');
  provider.signIn(ann);
  await browser.visit(startUrl);
  assert.equal((await session())['name'], 'ann');
  assert.notEqual(browser.cookiesOf(`${console.url}/`), planted);
});

test('a session ends when its time is over, and with log-out', async (t) => {
  const clock = createManualClock();
  const { console, provider, browser, startUrl, session } = await startWorld(t, { clock });
  provider.signIn(ann);
  await browser.visit(startUrl);
  clock.jump(479 * 60_000);
  assert.equal((await session())['signedIn'], true);
  clock.jump(2 * 60_000);
  assert.equal((await session())['signedIn'], false);
  await browser.visit(startUrl);
  assert.equal((await session())['signedIn'], true);
  const answer = await browser.ask(`${console.url}/api/v1/logout`, { method: 'POST' });
  assert.equal(answer.status, 200);
  assert.equal((await session())['signedIn'], false);
});

test('what the provider says against a log-in is shown as text', async (t) => {
  const { console, provider, browser, startUrl, session } = await startWorld(t);
  provider.signIn(undefined);
  const { status, text } = await browser.visit(startUrl);
  assert.equal(status, 403);
  assert.match(text, /access_denied \(cancelled by &lt;b&gt;the person&lt;\/b&gt;\)/);
  assert.match(text, /console\.login-failed/);
  assert.equal((await session())['signedIn'], false);
  assert.match(await console.metrics(), /console_logins_total\{result="failed"\} 1/);
});

test('an answer of the provider is taken only in the browser that asked for it, once, and in time', async (t) => {
  const clock = createManualClock();
  const { console, provider, browser, startUrl, session } = await startWorld(t, { clock });
  provider.signIn(ann);
  const begun = await browser.ask(startUrl);
  const state = new URL(begun.headers.get('location') ?? '').searchParams.get('state') ?? '';
  const callback = `${console.url}/login/callback?code=stolen&state=${state}`;
  const elsewhere = await new CookieBrowser().ask(callback);
  assert.equal(elsewhere.status, 400);
  assert.match(await elsewhere.text(), /not begun in this browser/);
  const forged = await browser.ask(`${console.url}/login/callback?code=stolen&state=other`);
  assert.equal(forged.status, 403);
  assert.equal((await browser.ask(callback)).status, 400, 'the cookie of the log-in is used once');
  await browser.ask(startUrl);
  clock.jump(601_000);
  assert.equal((await browser.ask(callback)).status, 400, 'ten minutes later');
  assert.equal((await session())['signedIn'], false);
});

test('a provider asks for a code with PKCE, state and nonce, and is not told where to go afterwards', async (t) => {
  const { startUrl, browser } = await startWorld(t);
  const answer = await browser.ask(`${startUrl}?returnTo=${encodeURIComponent('//evil.example/x')}`);
  const { searchParams } = new URL(answer.headers.get('location') ?? '');
  assert.equal(searchParams.get('code_challenge_method'), 'S256');
  assert.equal(searchParams.get('response_type'), 'code');
  for (const name of ['code_challenge', 'state', 'nonce']) assert.ok((searchParams.get(name) ?? '').length >= 32, name);
  assert.ok(![...searchParams.values()].some((value) => value.includes('evil')));
});

test('a provider that is down does not keep the console from starting, and the next log-in asks it again', async (t) => {
  const [port = 0, providerPort = 0] = await findFreePorts(2);
  const publicUrl = `http://127.0.0.1:${port}`;
  const console = await startTestConsole(t, {
    roles: ROLES,
    env: {
      CONSOLE_PORT: String(port),
      CONSOLE_PUBLIC_URL: publicUrl,
      CONSOLE_LOGIN: 'oidc',
      CONSOLE_SESSION_SECRET: SECRET,
      CONSOLE_OIDC_ISSUER: `http://127.0.0.1:${providerPort}`,
      CONSOLE_OIDC_CLIENT_ID: 'console',
    },
  });
  const browser = new CookieBrowser();
  const refused = await browser.visit(`${console.url}/login/start`);
  assert.equal(refused.status, 503);
  assert.match(refused.text, /console\.provider-unavailable/);
  const provider = await startTestProvider(t, {
    redirectUri: `${publicUrl}/login/callback`,
    clientId: 'console',
    port: providerPort,
  });
  provider.signIn({ ...ann, groups: [] });
  assert.equal((await browser.visit(`${console.url}/login/start`)).url, `${console.url}/`);
});
