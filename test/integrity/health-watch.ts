/** Looks at a service's admin address all the while, as an orchestrator and Prometheus do. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface HealthSample {
  readonly atMs: number;
  /** Statuses of `/livez` and `/readyz`, 0 for no answer. */
  readonly livez: number;
  readonly readyz: number;
  /** What `/readyz` said. */
  readonly reasons: string;
  /** `process_resident_memory_bytes`. */
  readonly residentBytes: number;
  readonly inFlightBytes: number;
}

export interface HealthWatch {
  readonly samples: readonly HealthSample[];
  stop(): Promise<void>;
}

const INTERVAL_MS = 250;
/** To find a probe that hangs. */
const PROBE_TIMEOUT_MS = 60_000;

export function watchHealth(adminUrl: string): HealthWatch {
  const samples: HealthSample[] = [];
  const stopping = new AbortController();
  const get = async (path: string): Promise<{ readonly status: number; readonly text: string }> => {
    try {
      const response = await fetch(adminUrl + path, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      return { status: 0, text: String(error) };
    }
  };
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const [livez, readyz, metrics] = await Promise.all([get('/livez'), get('/readyz'), get('/metrics')]);
      samples.push({
        atMs: Date.now(),
        livez: livez.status,
        readyz: readyz.status,
        reasons: readyz.text,
        residentBytes: valueOf(metrics.text, 'process_resident_memory_bytes'),
        inFlightBytes: valueOf(metrics.text, 'ingest_in_flight_bytes'),
      });
      await sleep(INTERVAL_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const running = run();
  return {
    samples,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

/** NaN where the metric is absent. */
function valueOf(metrics: string, name: string): number {
  return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(metrics)?.[1]);
}
