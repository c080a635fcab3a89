/** What the services count of the records that pass them, read from their metrics. */
import type { Pipeline, ServiceName } from '@astrolabe/local-pipeline';
import { parsePrometheusText, sumOf, type Sample } from '@astrolabe/testkit';

export interface ServiceCounters {
  /** Events that ingest answered for with 200. */
  readonly acknowledged: number;
  readonly mapped: number;
  readonly skipped: number;
  readonly eventsDeadLettered: number;
  /** Commands that the mapper produced. */
  readonly produced: number;
  readonly delivered: number;
  readonly duplicates: number;
  readonly commandsDeadLettered: number;
  /** Calls of the dispatcher that did not deliver and are made again. */
  readonly retries: number;
}

const TIMEOUT_MS = 5_000;

/** Sums over the instances that run now, since the start of each. */
export async function readServiceCounters({ services }: Pick<Pipeline, 'services'>): Promise<ServiceCounters> {
  const scrape = async (service: ServiceName): Promise<Sample[]> => {
    const texts = services[service].map(async ({ metricsUrl }) =>
      (await fetch(metricsUrl, { signal: AbortSignal.timeout(TIMEOUT_MS) })).text(),
    );
    return (await Promise.all(texts)).flatMap(parsePrometheusText);
  };
  const [ingest, mapper, dispatcher] = await Promise.all([scrape('ingest'), scrape('mapper'), scrape('dispatcher')]);
  return {
    acknowledged:
      sumOf(ingest, 'ingest_events_total', { verdict: 'accepted' }) +
      sumOf(ingest, 'ingest_events_total', { verdict: 'unsupported' }),
    mapped: sumOf(mapper, 'mapper_events_total', { outcome: 'mapped' }),
    skipped: sumOf(mapper, 'mapper_events_total', { outcome: 'skipped' }),
    eventsDeadLettered: sumOf(mapper, 'mapper_events_total', { outcome: 'dead-lettered' }),
    produced: sumOf(mapper, 'mapper_commands_total'),
    delivered: sumOf(dispatcher, 'dispatcher_commands_total', { outcome: 'delivered' }),
    duplicates: sumOf(dispatcher, 'dispatcher_commands_total', { outcome: 'duplicate' }),
    commandsDeadLettered: sumOf(dispatcher, 'dispatcher_commands_total', { outcome: 'dead-lettered' }),
    retries: sumOf(dispatcher, 'dispatcher_retries_total'),
  };
}

/** What was counted after `earlier`. */
export function countedSince(earlier: ServiceCounters, later: ServiceCounters): ServiceCounters {
  const names = Object.keys(later) as (keyof ServiceCounters)[];
  return Object.fromEntries(names.map((name) => [name, later[name] - earlier[name]])) as unknown as ServiceCounters;
}
