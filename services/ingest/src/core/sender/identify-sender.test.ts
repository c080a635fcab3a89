import assert from 'node:assert/strict';
import { test } from 'node:test';
import { API_KEY, DISABLED_KEY, WRITE_KEY, basicAuth, testConnectors } from '../../testing.ts';
import { partnerEndpoint, trackingEndpoints, webhookEndpoint } from '../request/endpoints.ts';
import { identifySender, sharesOf } from './identify-sender.ts';

const directory = testConnectors();
const batch = trackingEndpoints.get('batch') ?? assert.fail();

function identified(authorization: string | undefined, endpoint = batch) {
  const sender = identifySender(directory, { endpoint, authorization, webhook: undefined });
  if (sender.kind === 'known') return [sender.connector.id, sender.share, sender.isTrusted];
  return sender.kind === 'refused' ? sender.answer.status : sender.kind;
}

test('a key in the header decides before the body is read; the sender is unknown only if the body may hold a key', () => {
  assert.deepEqual(identified(basicAuth(`${API_KEY}:`)), ['acme', 'server', true]);
  assert.deepEqual(identified(`Bearer ${API_KEY}`), ['acme', 'server', true]);
  assert.deepEqual(identified(basicAuth(`${WRITE_KEY}:`)), ['acme', `write key ${WRITE_KEY}`, false]);
  assert.equal(identified(basicAuth(`${DISABLED_KEY}:`)), 403);
  assert.equal(identified(basicAuth('nobody:')), 401);
  assert.equal(identified('Bearer token-of-another-server'), 'unknown');
  for (const none of [undefined, '', 'Digest x', basicAuth(':password')]) assert.equal(identified(none), 'unknown');
});

test('the partner endpoint has its key in the header or is refused', () => {
  assert.deepEqual(identified(basicAuth(API_KEY), partnerEndpoint), ['acme', 'server', true]);
  for (const other of [undefined, 'Bearer nobody', basicAuth('nobody')]) {
    assert.equal(identified(other, partnerEndpoint), 401);
  }
});

test('a webhook is refused by its headers unless it has a key of its connector or a signature', () => {
  const at = (connectorId: string, authorization: string | undefined, signature: string | undefined) => {
    const webhook = { connectorId, signature };
    const sender = identifySender(directory, { endpoint: webhookEndpoint, authorization, webhook });
    return sender.kind === 'refused' ? sender.answer.status : sender.kind;
  };
  assert.equal(at('acme', basicAuth(API_KEY), undefined), 'known');
  const signature = 'f'.repeat(40);
  for (const connector of ['acme', 'plain', 'dormant', 'nobody', '__proto__']) {
    assert.equal(at(connector, undefined, signature), 'signed', 'whether or not there is such a connector');
    assert.equal(at(connector, basicAuth('key-of-nobody'), signature), 'signed');
    for (const none of [undefined, '', 'ff', 'g'.repeat(40)]) assert.equal(at(connector, undefined, none), 401);
  }
  assert.equal(at('acme', basicAuth('key-plain'), undefined), 401);
  assert.equal(at('dormant', basicAuth(DISABLED_KEY), undefined), 403);
});

test("the customer's servers have half of a connector's limit, its write keys the other half, and a single key has all", () => {
  const [acme] = directory.all();
  assert.ok(acme);
  assert.deepEqual([...sharesOf({ ...acme, writeKeys: [] })], [['server', 1]]);
  assert.deepEqual(
    [...sharesOf({ ...acme, writeKeys: ['a', 'b'] })],
    [
      ['server', 0.5],
      ['write key a', 0.25],
      ['write key b', 0.25],
    ],
  );
});
