/** Which metrics of the services are counted, and as what. The one place that knows their names. Pure. */
import { parseSeries } from './sample-reader.ts';

export const counterNames = [
  'ingest_events_total',
  'mapper_events_total',
  'mapper_commands_total',
  'mapper_unanswered_events_total',
  'dispatcher_commands_total',
  'dispatcher_retries_total',
  'dispatcher_freshness_seconds_bucket',
  'dispatcher_freshness_seconds_sum',
  'dispatcher_freshness_seconds_count',
] as const;

export const gaugeNames = [
  'dispatcher_halted_connectors',
  'dispatcher_circuit_state',
  'dispatcher_in_flight_calls',
  'dispatcher_concurrency_limit_calls',
  'dispatcher_waiting_commands',
  'dispatcher_connector_lag_records',
  'dispatcher_connector_lag_seconds',
] as const;
export type GaugeName = (typeof gaugeNames)[number];

export const services = ['ingest', 'mapper', 'dispatcher'] as const;
export type ServiceName = (typeof services)[number];

/** What tells of which service, version and process an instance is. */
export const infoNames = [...services.map((service) => `${service}_build_info`), 'process_start_time_seconds'];

export const wantedNames: ReadonlySet<string> = new Set([...counterNames, ...gaugeNames, ...infoNames]);

/** Of one connector. */
export const rateNames = ['received', 'rejected', 'delivered', 'duplicate', 'dead', 'retries'] as const;
export type RateName = (typeof rateNames)[number];

export interface Counted {
  /**
   * Over all connectors: `received`, `rejected`, `skipped:<reason>`, `unmapped:<code>`, `mapped`, `made`, `unanswered`,
   * `delivered`, `duplicate`, `dead:<code>`, `retries`, `fresh-within:<seconds>`, `fresh-sum`, `fresh-count`.
   */
  readonly names: readonly string[];
  /** Beside it, of its connector. */
  readonly connector: string | undefined;
  readonly rates: readonly RateName[];
}

/** Undefined for a series that is not counted. */
export function countedAs(seriesText: string): Counted | undefined {
  const { name, labels } = parseSeries(seriesText);
  const { connector, outcome = '', reason = '' } = labels;
  const as = (names: readonly string[], rates: readonly RateName[] = []): Counted => ({ names, connector, rates });
  switch (name) {
    case 'ingest_events_total':
      return labels['verdict'] === 'rejected'
        ? as(['received', 'rejected'], ['received', 'rejected'])
        : as(['received'], ['received']);
    case 'mapper_events_total':
      if (outcome === 'skipped') return as([`skipped:${reason}`]);
      return outcome === 'mapped' ? as(['mapped']) : as([`unmapped:${reason}`], ['dead']);
    case 'mapper_commands_total':
      return as(['made']);
    case 'mapper_unanswered_events_total':
      return as(['unanswered']);
    case 'dispatcher_commands_total':
      if (outcome === 'delivered' || outcome === 'duplicate') return as([outcome], [outcome]);
      return as([`dead:${reason}`], ['dead']);
    case 'dispatcher_retries_total':
      return as(['retries'], ['retries']);
    case 'dispatcher_freshness_seconds_bucket':
      return as([`fresh-within:${labels['le'] ?? ''}`]);
    case 'dispatcher_freshness_seconds_sum':
      return as(['fresh-sum']);
    case 'dispatcher_freshness_seconds_count':
      return as(['fresh-count']);
    default:
      return undefined;
  }
}
