import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiNoResponse } from './classify-response.ts';
import { failureCauseOf } from './failure-cause.ts';

test('what a call failed of is told apart: the name, the port, the certificate, the time, the connection, the status', () => {
  const of = (reason: ApiNoResponse['reason'], code?: string): string =>
    failureCauseOf({ kind: 'no-response', reason, message: '', code });
  assert.equal(of('name-resolution', 'ENOTFOUND'), 'dns');
  assert.equal(of('timeout'), 'timeout');
  assert.equal(of('connection', 'ECONNREFUSED'), 'refused');
  assert.equal(of('connection', 'UND_ERR_SOCKET'), 'connection');
  assert.equal(of('connection', 'EHOSTUNREACH'), 'connection');
  assert.equal(of('connection'), 'connection');
  for (const code of [
    'CERT_HAS_EXPIRED',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'ERR_SSL_WRONG_VERSION_NUMBER',
    'EPROTO',
  ]) {
    assert.equal(of('connection', code), 'tls', code);
  }
  assert.equal(failureCauseOf({ kind: 'response', status: 503, headers: {}, body: '' }), 'status-503');
});
