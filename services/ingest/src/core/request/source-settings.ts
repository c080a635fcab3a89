/**
 * What analytics.js and the mobile SDKs fetch before they send anything (from Segment: the CDN's
 * `/v1/projects/<writeKey>/settings`). Naming this host in it makes an SDK that was only pointed here for its settings
 * send its events here as well.
 */
import type { PublicOrigin } from './public-origin.ts';

/**
 * Where the settings are found, before `/v1/projects`, and the integration in which an SDK looks for its own. Vendors
 * with an SDK derived from Segment's renamed it. Each answer has only one: if there are two, analytics-next takes the
 * second for a destination in the browser and fetches more code before it sends (`hasLegacyDestinations` in its
 * `browser/index.ts`).
 */
export const settingsIntegrations: ReadonlyMap<string, string> = new Map([
  ['', 'Segment.io'],
  ['/customerio', 'Customer.io Data Pipelines'],
  ['/hightouch', 'Hightouch.io'],
]);

/** JSON text. `apiHost` has no protocol: the SDKs add one, https by default. */
export function buildSourceSettings(integration: string, writeKey: string, { protocol, host }: PublicOrigin): string {
  const settings = {
    apiKey: writeKey,
    apiHost: `${host}/v1`,
    // Left out by JSON.stringify where it is undefined.
    protocol,
    unbundledIntegrations: [],
    addBundledMetadata: false,
  };
  return JSON.stringify({
    integrations: { [integration]: settings },
    plan: { track: { __default: { enabled: true, integrations: {} } } },
    edgeFunction: {},
    remotePlugins: [],
    // Without it, every browser posts the SDK's own statistics to Segment.
    metrics: { sampleRate: 0 },
  });
}
