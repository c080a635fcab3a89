/** Which hosts and origins are this console's own. */
import { isLoopbackHost, parseHostHeader } from '@astrolabe/service-kit/host-header';

export interface OwnAddresses {
  readonly host: string;
  /** Undefined: the one that the request names. */
  readonly publicUrl: string | undefined;
  readonly allowedHosts: readonly string[];
}

/**
 * Whether the request names a host of this console, by `Host` fields. A web page can point its own name at this address
 * and then read the answers (DNS rebinding), but it cannot make the browser send another name, or an address, as
 * `Host`.
 */
export function isAddressed(fields: readonly string[], { host, publicUrl, allowedHosts }: OwnAddresses): boolean {
  const [field = ''] = fields;
  const named = fields.length === 1 ? parseHostHeader(field) : undefined;
  if (named === undefined) return false;
  const known = ['localhost', host, ...allowedHosts];
  if (publicUrl !== undefined) known.push(new URL(publicUrl).hostname);
  return named.isAddress || known.some((name) => name.toLowerCase() === named.name);
}

/**
 * Whether a page of this console sent the request, by the headers `Origin` and `Host`. Every browser sends `Origin`
 * with a request that can change something; a program that does not is not a page that somebody was lured to.
 */
export function isOwnOrigin(
  origin: string | undefined,
  fetchSite: string | undefined,
  hostField: string,
  { publicUrl }: OwnAddresses,
): boolean {
  if (fetchSite !== undefined && fetchSite !== 'same-origin' && fetchSite !== 'none') return false;
  if (origin === undefined) return true;
  if (publicUrl !== undefined && origin === new URL(publicUrl).origin) return true;
  const named = parseHostHeader(hostField);
  if (named === undefined) return false;
  // Without TLS of its own the console sees http; a proxy with TLS in front is what CONSOLE_PUBLIC_URL is for.
  return origin === `http://${named.authority}` && (publicUrl === undefined || isLoopbackHost(named));
}
