/** Asks one instance of a service for its metrics, over HTTP. */
import { lookup } from 'node:dns/promises';
import { SampleReader } from './core/sample-reader.ts';

/** A dispatcher with a thousand connectors tells some 10 MB. */
const MAX_BYTES = 64 * 1_048_576;
const TIMEOUT_MS = 4_000;

/** Rejects where it does not answer in time, or answers something else. */
export async function fetchMetrics(
  url: string,
  wanted: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(`${url}/metrics`, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    redirect: 'error',
  });
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw new Error(`it answers ${response.status}`);
  }
  const reader = new SampleReader(wanted);
  const decoder = new TextDecoder();
  let bytes = 0;
  for await (const piece of response.body as AsyncIterable<Uint8Array>) {
    bytes += piece.length;
    if (bytes > MAX_BYTES) throw new Error(`its metrics are larger than ${MAX_BYTES} bytes`);
    reader.push(decoder.decode(piece, { stream: true }));
  }
  return reader.end();
}

/**
 * The instances behind a URL: one for each address of its host name, as a headless service of Kubernetes or a scaled
 * service of compose has. Of a host with addresses of both kinds those of IPv4: each instance has one of them.
 */
export async function resolveInstances(url: string): Promise<readonly string[]> {
  const parsed = new URL(url);
  const found = await lookup(parsed.hostname.replace(/^\[|\]$/g, ''), { all: true });
  const four = found.filter(({ family }) => family === 4);
  const addresses = (four.length > 0 ? four : found).map(({ address, family }) =>
    family === 6 ? `[${address}]` : address,
  );
  const path = parsed.pathname.replace(/\/+$/, '');
  const port = parsed.port === '' ? '' : `:${parsed.port}`;
  return [...new Set(addresses)].map((address) => `${parsed.protocol}//${address}${port}${path}`);
}
