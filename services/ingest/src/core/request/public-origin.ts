/** What clients call this service, for the answers that tell them where to send. */
import { isLoopbackHost, parseHostHeader } from '@astrolabe/service-kit/host-header';

export interface PublicOrigin {
  /** Undefined where nothing that can be believed tells; SDKs then use https. */
  readonly protocol: 'http' | 'https' | undefined;
  /** Host, with port and path where there are any; no slash at its end. */
  readonly host: string;
}

export interface OriginHints {
  /** What the operator says (`INGEST_PUBLIC_URL`); it is believed before anything else. */
  readonly publicUrl: string | undefined;
  readonly host: string | undefined;
  readonly forwardedProto: string | undefined;
  /** Reverse proxies in front, each of which sets or appends to `X-Forwarded-Proto`. */
  readonly trustedProxies: number;
}

/**
 * Undefined where the request does not name a host.
 *
 * The protocol of the connection says nothing: behind a proxy that ends TLS it is http, and a page on https that was told so would be
 * kept from sending (mixed content), so that all its events were lost. Only on the client's own machine is http what the client uses.
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

/** The entries before those of our own proxies are the client's, who may write anything. */
function protocolOfOutermostProxy(header: string | undefined, trustedProxies: number): 'http' | 'https' | undefined {
  const entries = header?.split(',').map((entry) => entry.trim().toLowerCase()) ?? [];
  const entry = entries.slice(-trustedProxies)[0];
  return entry === 'http' || entry === 'https' ? entry : undefined;
}
