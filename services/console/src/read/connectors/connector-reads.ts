/** Connectors: what their file says, what the dispatchers tell, and what became of their events. */
import { listConnectors, type ListedConnector, type ResolvedKey } from '@astrolabe/operations';
import type { Environment } from '@astrolabe/service-kit';
import type { Clock } from '@astrolabe/service-kit/clock';
import { PipelineError } from '@astrolabe/service-kit/errors';
import type { DeadLetterReads } from '../dead-letters/dead-letters.ts';
import type { LagWatch } from '../lag/lag-watch.ts';
import type { ConnectorCounts, WindowCounts } from '../metrics/core/rate-window.ts';
import type { ServiceMetrics } from '../metrics/service-metrics.ts';
import { mapPanel, pending, ready } from '../panel.ts';
import type { ConnectorAnswer, ConnectorRates, ConnectorsAnswer, ConnectorSettings } from '../shapes/connectors.ts';
import type { Panel } from '../shapes/values.ts';
import { CachedRead } from '../sources/cached-read.ts';

export interface ConnectorReadsOptions {
  readonly connectorsFile: string;
  /** The variables that key references may name. */
  readonly variables: Environment;
  readonly metrics: ServiceMetrics;
  readonly lag: LagWatch;
  readonly deadLetters: DeadLetterReads;
  readonly clock: Clock;
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

/** Its keys may be in as many files. */
const FILE_FRESH_MS = 5_000;

const NO_COUNTS: ConnectorCounts = { received: 0, rejected: 0, delivered: 0, duplicate: 0, dead: 0, retries: 0 };

export class ConnectorReads {
  readonly #options: ConnectorReadsOptions;
  readonly #file: CachedRead<readonly ListedConnector[]>;

  constructor(options: ConnectorReadsOptions) {
    this.#options = options;
    const { connectorsFile, variables, clock, waitMs, signal } = options;
    this.#file = new CachedRead({
      read: () => listConnectors(connectorsFile, variables),
      freshMs: FILE_FRESH_MS,
      waitMs,
      what: 'the connectors file',
      clock,
      signal,
    });
  }

  async all(): Promise<ConnectorsAnswer> {
    const { metrics, deadLetters } = this.#options;
    const { index, groups } = deadLetters.groups({});
    const waiting = new Map<string, number>();
    for (const each of groups) waiting.set(each.connector, (waiting.get(each.connector) ?? 0) + each.waiting);
    return {
      settings: mapPanel(await this.#file.panel(), (listed) => ({ connectors: listed.map(toSettings) })),
      delivery: mapPanel(metrics.connectors(), (all) => ({ connectors: [...all.values()] })),
      rates: mapPanel(this.#rates(), ({ overMs, byConnector }) => ({
        overSeconds: overMs / 1_000,
        connectors: [...byConnector].map(([connector, counts]) => toRates(connector, counts, overMs)),
      })),
      deadLetters:
        index.state === 'unavailable'
          ? { kind: 'unavailable', message: index.message ?? '' }
          : ready(
              {
                isComplete: index.state === 'following',
                connectors: [...waiting].map(([connector, count]) => ({ connector, waiting: count })),
              },
              this.#options.clock.nowMs(),
            ),
    };
  }

  /** Undefined where neither the file nor a dispatcher knows it. */
  async one(id: string): Promise<ConnectorAnswer | undefined> {
    const { metrics, lag, deadLetters } = this.#options;
    const file = await this.#file.panel();
    const delivery = metrics.connectors();
    const listed = file.kind === 'ready' ? file.value.find((each) => each.id === id) : undefined;
    if (file.kind === 'ready' && listed === undefined && !(delivery.kind === 'ready' && delivery.value.has(id))) {
      return undefined;
    }
    return {
      id,
      settings: listed === undefined ? noSettings(file, id) : mapPanel(file, () => toSettings(listed)),
      delivery:
        delivery.kind === 'ready' && !delivery.value.has(id)
          ? pending('no dispatcher has called for it since its start')
          : mapPanel(delivery, (all) => all.get(id) ?? noDelivery(id)),
      rates: mapPanel(this.#rates(), ({ overMs, byConnector }) => ({
        overSeconds: overMs / 1_000,
        rates: toRates(id, byConnector.get(id) ?? NO_COUNTS, overMs),
      })),
      unread: lag.unreadOf(id),
      deadLetters: deadLetters.groups({ connector: id }),
    };
  }

  /** Ids, for a search over the users of each. Rejects where the file cannot be read. */
  async ids(): Promise<readonly string[]> {
    const panel = await this.#file.panel();
    if (panel.kind === 'ready') return panel.value.map(({ id }) => id);
    throw new PipelineError('connectors.invalid', panel.message, { retryable: true });
  }

  /** The file was changed: the next who asks sees it. */
  expire(): void {
    this.#file.expire();
  }

  #rates(): Panel<WindowCounts> {
    const { metrics, clock } = this.#options;
    const trouble = metrics.trouble();
    if (trouble !== undefined) return trouble;
    const counts = metrics.counts.rates();
    if (counts === undefined) return pending('rates are measured between two answers of the services');
    return ready(counts, clock.nowMs());
  }
}

function noSettings(file: Panel<readonly ListedConnector[]>, id: string): Panel<ConnectorSettings> {
  if (file.kind !== 'ready') return { kind: file.kind, message: file.message };
  return { kind: 'unavailable', message: `connector ${id} is not in the connectors file; a dispatcher still knows it` };
}

function noDelivery(connector: string) {
  return { connector, circuit: 'closed' as const, isHalted: false, callsInFlight: 0, callsLimit: 0, waiting: 0 };
}

function toRates(connector: string, counts: ConnectorCounts, overMs: number): ConnectorRates {
  const perSecond = (count: number): number => (overMs > 0 ? (count * 1_000) / overMs : 0);
  return {
    connector,
    receivedPerSecond: perSecond(counts.received),
    rejectedPerSecond: perSecond(counts.rejected),
    deliveredPerSecond: perSecond(counts.delivered),
    duplicatePerSecond: perSecond(counts.duplicate),
    deadPerSecond: perSecond(counts.dead),
    retriesPerSecond: perSecond(counts.retries),
  };
}

function toSettings(listed: ListedConnector): ConnectorSettings {
  const { rateLimit, delivery, allowedEmailDomains, deniedEmailDomains } = listed;
  return {
    id: listed.id,
    name: listed.name,
    enabled: listed.enabled,
    freeEmailProviders: listed.freeEmailProviders,
    allowedEmailDomains: allowedEmailDomains && [...allowedEmailDomains],
    deniedEmailDomains: deniedEmailDomains && [...deniedEmailDomains],
    apiKey: toKey(listed.apiKey),
    writeKeys: listed.writeKeys.map(toKey),
    hasWebhookSecret: listed.hasWebhookSecret,
    limits: {
      eventsPerSecond: rateLimit?.eventsPerSecond,
      burst: rateLimit?.burst,
      callsPerSecond: delivery?.callsPerSecond,
      maxConcurrentCalls: delivery?.maxConcurrentCalls,
      bulk: delivery?.bulk,
    },
  };
}

/** Never the key itself. */
function toKey(key: ResolvedKey): ConnectorSettings['apiKey'] {
  if (key.kind === 'unknown') return key;
  return { kind: 'known', fingerprint: key.fingerprint };
}
