import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

export type MetricsRegistry = Registry;
export type { Counter, Gauge, Histogram };

export interface MetricOptions<Label extends string> {
  /** Name without the service's prefix, by Vector's grammar: noun, unit, and `total` for counters. */
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly Label[];
}

export interface HistogramOptions<Label extends string> extends MetricOptions<Label> {
  /** Upper bounds in the unit of the name. Default: latencies from 1 ms to 60 s. */
  readonly buckets?: readonly number[];
}

export interface CounterOptions<Label extends string> extends MetricOptions<Label> {
  /** Called at each scrape to set what was counted elsewhere. */
  readonly collect?: (counter: Counter<Label>) => void;
  /**
   * Label values that are known from the start. A series that begins with its first count shows no increase to
   * Prometheus, so an alert would miss the first fault.
   */
  readonly zeros?: readonly Readonly<Record<Label, string>>[];
}

export interface GaugeOptions<Label extends string> extends MetricOptions<Label> {
  /** Called at each scrape to set the present value. */
  readonly collect?: (gauge: Gauge<Label>) => void | Promise<void>;
}

export interface Metrics {
  readonly registry: MetricsRegistry;
  /** Counts up. The name ends in `_total`. */
  counter<Label extends string = never>(options: CounterOptions<Label>): Counter<Label>;
  /** Spread of a quantity. The name ends in its unit: `_seconds`, `_bytes` or a noun in the plural. */
  histogram<Label extends string = never>(options: HistogramOptions<Label>): Histogram<Label>;
  /** A present value. The name does not end in `_total`. */
  gauge<Label extends string = never>(options: GaugeOptions<Label>): Gauge<Label>;
}

const LATENCY_BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const METRIC_NAME = /^[a-z][a-z0-9]*(_[a-z0-9]+)+$/;

/**
 * Creates a process's metrics in a registry of their own, so that two services in one test process do not share any.
 * Holds the process's default metrics too. A name that breaks the grammar or is taken throws: it is a defect in the
 * code.
 */
export function createMetrics({ service }: { readonly service: string }): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const prefix = service.replaceAll('-', '_');

  function base<Label extends string>({ name, help, labelNames = [] }: MetricOptions<Label>) {
    return { name: `${prefix}_${name}`, help, labelNames: [...labelNames], registers: [registry] };
  }

  return {
    registry,
    counter<Label extends string = never>(options: CounterOptions<Label>) {
      requireName(options.name, options.name.endsWith('_total'), 'a counter ends in _total');
      const { collect, zeros = [] } = options;
      const counter: Counter<Label> = new Counter<Label>({
        ...base(options),
        ...(collect === undefined ? {} : { collect: () => collect(counter) }),
      });
      for (const labels of zeros) counter.inc(labels, 0);
      return counter;
    },
    histogram(options) {
      requireName(options.name, !options.name.endsWith('_total'), 'only a counter ends in _total');
      return new Histogram({ ...base(options), buckets: [...(options.buckets ?? LATENCY_BUCKETS_SECONDS)] });
    },
    gauge<Label extends string = never>(options: GaugeOptions<Label>) {
      requireName(options.name, !options.name.endsWith('_total'), 'only a counter ends in _total');
      const { collect } = options;
      if (!collect) return new Gauge(base(options));
      const gauge: Gauge<Label> = new Gauge<Label>({
        ...base(options),
        collect: () => collect(gauge),
      });
      return gauge;
    },
  };
}

function requireName(name: string, fits: boolean, rule: string): void {
  if (!METRIC_NAME.test(name)) {
    throw new TypeError(
      `metric name ${JSON.stringify(name)} must be lower-case words joined by underscores: noun, unit`,
    );
  }
  if (!fits) throw new TypeError(`metric name ${JSON.stringify(name)}: ${rule}`);
}
