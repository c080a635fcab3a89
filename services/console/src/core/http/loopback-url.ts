import { isLoopbackHost, parseHostHeader } from '@astrolabe/service-kit/host-header';

/** Whether the traffic to a URL stays on this machine, so that it needs no TLS. */
export function isLoopbackUrl(url: string): boolean {
  const host = parseHostHeader(new URL(url).host);
  return host !== undefined && isLoopbackHost(host);
}
