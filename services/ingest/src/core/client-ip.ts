/** IPv4 text of a socket's address, also where IPv6 wraps it; undefined for IPv6, which Segment does not collect. */
export function ipv4Of(address: string | undefined): string | undefined {
  const plain = address?.replace(/^::ffff:/i, '');
  return plain !== undefined && /^\d{1,3}(?:\.\d{1,3}){3}$/.test(plain) ? plain : undefined;
}
