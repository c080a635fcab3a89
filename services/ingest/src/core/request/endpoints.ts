/** The endpoints of Segment's APIs, and what a body means at each. */
import type { EventType } from '@astrolabe/segment';

export type Endpoint =
  /** Tracking API: `{batch: [...]}`; each item names its type. */
  | { readonly kind: 'batch'; readonly name: string }
  /** Tracking API: one event, whose type the path implies. */
  | { readonly kind: 'single'; readonly name: string; readonly impliedType: EventType }
  /** Segment's partner endpoint: one event as Segment delivers it, the connector's API key in Basic auth. */
  | { readonly kind: 'partner'; readonly name: string }
  /**
   * Segment's webhook destinations: the path names the connector, and a signature or its key shows that the sender may
   * speak for it. One event, or an array of them.
   */
  | { readonly kind: 'webhook'; readonly name: string }
  /** What analytics.js reports about itself; accepted and dropped. */
  | { readonly kind: 'sdk-metrics'; readonly name: string };

export const partnerEndpoint: Endpoint = { kind: 'partner', name: 'segment' };

export const webhookEndpoint: Endpoint = { kind: 'webhook', name: 'webhook' };

const trackedTypes = ['identify', 'track', 'page', 'screen', 'group', 'alias'] as const satisfies readonly EventType[];

/**
 * Paths of the Tracking API below its base (`/v1` or none). `import` is what Ruby and Java use, `b` and the first
 * letters what browsers and mobile apps use (analytics-next `plugins/segmentio/index.ts`, analytics-kotlin
 * `RequestFactory.upload`), `m` what analytics-next's `remote-metrics.ts` posts to.
 */
export const trackingEndpoints: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
  ['batch', { kind: 'batch', name: 'batch' }],
  ['import', { kind: 'batch', name: 'import' }],
  ['b', { kind: 'batch', name: 'batch' }],
  ...trackedTypes.flatMap((type): [string, Endpoint][] => {
    const endpoint: Endpoint = { kind: 'single', name: type, impliedType: type };
    return [
      [type, endpoint],
      [type.charAt(0), endpoint],
    ];
  }),
  ['m', { kind: 'sdk-metrics', name: 'sdk-metrics' }],
]);
