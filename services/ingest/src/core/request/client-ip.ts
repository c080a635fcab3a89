/**
 * IPv4 text of a socket's address, also if it is mapped to IPv6; undefined for IPv6, which Segment does not collect.
 */
export function ipv4Of(address: string | undefined): string | undefined {
  const plain = address?.replace(/^::ffff:/i, '');
  return plain !== undefined && /^\d{1,3}(?:\.\d{1,3}){3}$/.test(plain) ? plain : undefined;
}

/** The addresses that one client can have: of IPv6 the first 64 bits, which a household or a server is assigned. */
export function networkOf(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  const v4 = ipv4Of(address);
  if (v4 !== undefined) return v4;
  const [head = '', tail] = address.toLowerCase().split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const behind = tail === '' ? 0 : tail.split(':').length;
    while (groups.length < IPV6_GROUPS - behind) groups.push('0');
  }
  return `${groups.slice(0, NETWORK_GROUPS).join(':')}::/64`;
}

const IPV6_GROUPS = 8;
const NETWORK_GROUPS = 4;
