import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ipv4Of, networkOf } from './client-ip.ts';

test('IPv4 is collected, also if mapped to IPv6, and IPv6 is not', () => {
  assert.equal(ipv4Of('203.0.113.7'), '203.0.113.7');
  assert.equal(ipv4Of('::ffff:203.0.113.7'), '203.0.113.7');
  assert.equal(ipv4Of('2001:db8::1'), undefined);
  assert.equal(ipv4Of('"><script>'), undefined);
  assert.equal(ipv4Of(undefined), undefined);
});

test('a client is its IPv4 address, or the first 64 bits of its IPv6 address', () => {
  for (const [address, network] of [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:DB8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::9', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    [undefined, 'unknown'],
  ] as const) {
    assert.equal(networkOf(address), network);
  }
});
