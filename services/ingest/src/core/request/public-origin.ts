/** The origin by which clients reach this service, for the answers that tell them where to send. */
import { isLoopbackHost, parseHostHeader } from '@astrolabe/service-kit/host-header';

export interface PublicOrigin {
  /** Undefined if no trusted source tells; SDKs then use https. */
  readonly protocol: 'http' | 'https' | undefined;
  /** Host, with port and path if there are any, without a trailing slash. */
  readonly host: string;
}

export interface OriginHints {
  /** The operator's setting (`INGEST_PUBLIC_URL`), which takes precedence. */
  readonly publicUrl: string | undefined;
  readonly host: string | undefined;
  readonly forwardedProto: string | undefined;
  /** Reverse proxies in front, each of which sets or appends to `X-Forwarded-Proto`. */
  readonly trustedProxies: number;
}

/**
 * Undefined if the request does not name a host.
 *
 * The connection's protocol is not used: behind a proxy that ends TLS it is http. A page on https with that answer
 * could not send (mixed content), and all its events would be lost. Only on the client's own machine does the client
 * use http.
 */
export function publicOrigin({
  publicUrl,
  host,
  forwardedProto,
  trustedProxies,
}: OriginHints): PublicOrigin | undefined {
  if (publicUrl !== undefined) {
    const url = new URL(publicUrl);
    const path = url.pathname.replace(/\/+$/, '');
    return { protocol: url.protocol === 'http:' ? 'http' : 'https', host: url.host + path };
  }
  const named = parseHostHeader(host ?? '');
  if (named === undefined || named.name === '') return undefined;
  const believed = trustedProxies > 0 ? protocolOfOutermostProxy(forwardedProto, trustedProxies) : undefined;
  return { protocol: believed ?? (isLoopbackHost(named) ? 'http' : undefined), host: named.authority };
}

/** The entries before those of our own proxies come from the client, who may write anything. */
function protocolOfOutermostProxy(header: string | undefined, trustedProxies: number): 'http' | 'https' | undefined {
  const entries = header?.split(',').map((entry) => entry.trim().toLowerCase()) ?? [];
  const entry = entries.slice(-trustedProxies)[0];
  return entry === 'http' || entry === 'https' ? entry : undefined;
}
