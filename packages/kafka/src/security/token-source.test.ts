import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '@astrolabe/service-kit/clock';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { silentLogger } from '../testing/silent-logger.ts';
import { fetchByMskIam } from './msk-iam.ts';
import { TokenSource, expiryOf, renewalTimeMs, subjectOf, type BearerToken } from './token-source.ts';

const LIFETIME_MS = 60_000;
const refusal = new PipelineError('kafka.token-unavailable', 'the endpoint is away', { retryable: true });

/** Tokens by number; `refuse` makes the endpoint answer nothing. */
function createSource() {
  const clock = createManualClock();
  const state = { asked: 0, refuse: false };
  const fetchToken = async (): Promise<BearerToken> => {
    state.asked += 1;
    if (state.refuse) throw refusal;
    return { value: `token-${state.asked}`, expiresAtMs: clock.nowMs() + LIFETIME_MS };
  };
  return { clock, state, source: new TokenSource(fetchToken, clock, silentLogger) };
}

test('a token is asked for once, however many connections want it at a time, and kept until shortly before its end', async () => {
  const { clock, state, source } = createSource();
  const tokens = await Promise.all([source.token(), source.token(), source.token()]);
  assert.deepEqual(new Set(tokens.map(({ value }) => value)), new Set(['token-1']));
  await clock.advance(LIFETIME_MS - 15_001);
  assert.equal((await source.token()).value, 'token-1');
  await clock.advance(1);
  assert.equal((await source.token()).value, 'token-2');
  assert.equal(state.asked, 2);
});

test('a token is replaced before a session that began with it is renewed, however short it lives', () => {
  for (const lifetimeMs of [2_000, 4_000, 19_000, 20_000, 3_600_000]) {
    const sessionRenewedAtMs = lifetimeMs - Math.min(10_000, lifetimeMs / 2);
    assert.ok(renewalTimeMs({ value: 't', expiresAtMs: lifetimeMs }, 0) < sessionRenewedAtMs, String(lifetimeMs));
  }
});

test('as long as a token is good, an endpoint that gives no other fails nobody, and is not asked at every request', async () => {
  const { clock, state, source } = createSource();
  await source.token();
  state.refuse = true;
  await clock.advance(LIFETIME_MS - 10_000);
  for (let requests = 0; requests < 5; requests += 1) assert.equal((await source.token()).value, 'token-1');
  assert.equal(state.asked, 2);
  await clock.advance(10_000);
  await assert.rejects(source.token(), refusal);
  state.refuse = false;
  assert.equal((await source.token()).value, 'token-4');
});

test('subject and expiry are read from a JWT, and are unknown of any other token', () => {
  const claims = Buffer.from(JSON.stringify({ sub: 'mapper', exp: 1_700_000_000 })).toString('base64url');
  assert.deepEqual([subjectOf(`e30.${claims}.`), expiryOf(`e30.${claims}.`)], ['mapper', 1_700_000_000_000]);
  for (const opaque of ['', 'opaque', 'a.b.c', 'e30.MQ.']) {
    assert.deepEqual([subjectOf(opaque), expiryOf(opaque)], [undefined, undefined]);
  }
});

test('a token of AWS comes from its signer, and a signer that is not installed is told with what to type', async () => {
  const signer = {
    generateAuthToken: async ({ region }: { readonly region: string }) => ({ token: `for ${region}`, expiryTime: 7 }),
  };
  assert.deepEqual(await fetchByMskIam('eu-west-1', async () => signer)(), { value: 'for eu-west-1', expiresAtMs: 7 });
  await assert.rejects(fetchByMskIam('eu-west-1')(), {
    code: 'config.invalid',
    message: /npm install aws-msk-iam-sasl-signer-js/,
  });
});
