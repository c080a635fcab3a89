/** The `Host` header of a request (RFC 9110, 7.2; RFC 3986, 3.2.2): which name a client has for this server. */
import { isIP } from 'node:net';

export interface HostHeader {
  /** In lower case, without brackets, port and final dot. Empty if the header is empty, which HTTP allows. */
  readonly name: string;
  readonly isAddress: boolean;
  /** Host and port as they go into a URL. */
  readonly authority: string;
}

/** DNS host names contain no underscores, but those of Docker's networks do. */
const hostForm = /^(?:\[([0-9a-f:.]{2,45})\]|([a-z0-9._~-]{0,255}))(?::(\d{0,5}))?$/;

/** Undefined if the text is not a host with an optional port. */
export function parseHostHeader(header: string): HostHeader | undefined {
  const text = header.trim().toLowerCase();
  const match = hostForm.exec(text);
  if (match === null) return undefined;
  const [, bracketed, plain = '', port = ''] = match;
  if (bracketed !== undefined && isIP(bracketed) !== 6) return undefined;
  if (Number(port) > 65_535) return undefined;
  const name = bracketed ?? plain.replace(/\.$/, '');
  const host = bracketed === undefined ? name : `[${bracketed}]`;
  return { name, isAddress: isIP(name) !== 0, authority: port === '' ? host : `${host}:${port}` };
}

/** Names and addresses that lead to the client's own machine. */
export function isLoopbackHost({ name, isAddress }: Pick<HostHeader, 'name' | 'isAddress'>): boolean {
  if (!isAddress) return name === 'localhost' || name.endsWith('.localhost');
  return name === '::1' || name.startsWith('127.');
}

/**
 * Values of the `Host` fields of a request, from `IncomingMessage.rawHeaders`: Node itself keeps only the first of
 * them.
 */
export function hostFields(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_text, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'host');
}
