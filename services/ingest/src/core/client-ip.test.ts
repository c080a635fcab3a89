import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ipv4Of } from './client-ip.ts';

test('IPv4 is taken, also where IPv6 wraps it, and IPv6 is not', () => {
  assert.equal(ipv4Of('203.0.113.7'), '203.0.113.7');
  assert.equal(ipv4Of('::ffff:203.0.113.7'), '203.0.113.7');
  assert.equal(ipv4Of('2001:db8::1'), undefined);
  assert.equal(ipv4Of('"><script>'), undefined);
  assert.equal(ipv4Of(undefined), undefined);
});
