/**
 * What analytics.js and the mobile SDKs fetch before they send anything (from Segment: the CDN's
 * `/v1/projects/<writeKey>/settings`). Naming this host in it makes an SDK that was only pointed here for its settings send
 * its events here as well.
 */
export interface SettingsOrigin {
  readonly protocol: string;
  /** Host and port as the client knows them. */
  readonly host: string;
}

/** JSON text. `apiHost` has no protocol: the SDKs put one before it. */
export function buildSourceSettings(writeKey: string, { protocol, host }: SettingsOrigin): string {
  const segment = {
    apiKey: writeKey,
    apiHost: `${host}/v1`,
    protocol,
    unbundledIntegrations: [],
    addBundledMetadata: false,
  };
  return JSON.stringify({
    integrations: { 'Segment.io': segment },
    plan: { track: { __default: { enabled: true, integrations: {} } } },
    edgeFunction: {},
    remotePlugins: [],
    // Without it every browser posts the SDK's own statistics to Segment.
    metrics: { sampleRate: 0 },
  });
}
