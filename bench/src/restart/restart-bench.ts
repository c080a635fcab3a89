/**
 * How long live events wait while instances are restarted or killed: from the moment an event is due at ingest until
 * its call reaches the API. `ours` is with the restart, `baseline` the same pipeline left alone; the ratio is that of
 * the p99, so that lower is better.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createBenchConnector, openLab } from '../bench-lab.ts';
import type { BenchOptions } from '../bench-options.ts';
import type { ComparedCase, Sample } from '../comparison.ts';
import { listenAsApi } from './api-listener.ts';
import { serviceNames, startInstances, type Instance, type Instances } from './instances.ts';
import { LiveEvents } from './live-events.ts';
import { SteadyLoad } from './steady-load.ts';

const EVENTS_PER_SECOND = 500;
const USERS = 5_000;
const API_DELAY_MS = 5;
/** Until code is compiled, in the services and in the broker. */
const WARM_UP_MS = 30_000;
/** Before each disturbance, so that what the one before it left behind is over. */
const REST_MS = 3_000;
/** Measured with each disturbance: what comes just before it, and what waits after it. */
const LEAD_MS = 500;
const TAIL_MS = 3_000;
const START_AFTER_MS = 1_000;
/** Longer than the session time-out, after which the group takes the partitions from a member that is gone. */
const ABANDONED_MS = 13_000;
const ARRIVAL_TIMEOUT_MS = 60_000;

interface Disturbance {
  readonly name: string;
  /** Until it is over. */
  run(): Promise<void>;
  /** Leaves the instances as they were; not measured. */
  restore?(): Promise<void>;
}

async function restart(instance: Instance): Promise<void> {
  await instance.stop();
  await instance.start();
}

async function rolling(instances: readonly Instance[]): Promise<void> {
  for (const instance of instances) await restart(instance);
}

function disturbances(instances: Instances): readonly Disturbance[] {
  const each = serviceNames.flatMap((service): Disturbance[] => {
    const [first, second] = instances.of(service);
    return [
      { name: `${service}-restart`, run: () => restart(first) },
      { name: `${service}-rolling`, run: () => rolling([first, second]) },
      {
        name: `${service}-kill-and-start`,
        run: async () => {
          await second.kill();
          await sleep(START_AFTER_MS);
          await second.start();
        },
      },
      {
        name: `${service}-kill`,
        run: async () => {
          await first.kill();
          await sleep(ABANDONED_MS);
        },
        restore: () => first.start(),
      },
    ];
  });
  return [...each, { name: 'all-rolling', run: () => rolling(instances.all) }];
}

/** Rejects when an event is lost, or reaches the API before an earlier one of its user. */
export async function runRestartBench(options: BenchOptions): Promise<ComparedCase[]> {
  const { rounds, seconds, say } = options;
  const connector = createBenchConnector();
  const { apiKey: writeKey } = connector;
  await using cleanup = new AsyncDisposableStack();
  const lab = cleanup.use(await openLab(options, [connector]));
  const events = new LiveEvents(USERS);
  const api = cleanup.use(await listenAsApi(events, API_DELAY_MS));
  const instances = cleanup.use(await startInstances(lab, api.url));
  const load = new SteadyLoad({ events, instances: instances.of('ingest'), writeKey, perSecond: EVENTS_PER_SECOND });
  cleanup.defer(() => load.stop());
  const measure = (run: () => Promise<unknown>): Promise<MeasuredSample> =>
    Promise.race([measureWith(events, instances, run), load.failed]);

  await sleep(WARM_UP_MS);
  const cases = disturbances(instances).map((disturbance) => ({
    disturbance,
    ours: [] as MeasuredSample[],
    baseline: [] as MeasuredSample[],
  }));
  for (let round = 0; round < rounds; round += 1) {
    const quiet = await measure(() => sleep(seconds * 1_000));
    say(`undisturbed, round ${round + 1} of ${rounds}: ${toText(quiet)}`);
    for (const { disturbance, ours, baseline } of cases) {
      await sleep(REST_MS);
      const disturbed = await measure(() => disturbance.run());
      say(`${disturbance.name}, round ${round + 1} of ${rounds}: ${toText(disturbed)}`);
      await disturbance.restore?.();
      ours.push(disturbed);
      baseline.push(quiet);
    }
  }
  await load.stop();
  await within(events.allArrived(), () => `${events.missing} events have not arrived`);
  say(`${events.repeated} calls were repeated, ${events.outOfOrder} events came after a later one of their user`);
  if (events.outOfOrder > 0) throw new Error(`${events.outOfOrder} events came after a later one of their user`);
  return cases.map(({ disturbance: { name }, ours, baseline }) => ({
    case: name,
    unit: 'events/s',
    compared: 'p99Ms',
    ours,
    baseline,
  }));
}

type MeasuredSample = Sample & { readonly maxMs: number };

async function measureWith(
  events: LiveEvents,
  instances: Instances,
  run: () => Promise<unknown>,
): Promise<MeasuredSample> {
  const [fromMs, from] = [performance.now(), events.count];
  await sleep(LEAD_MS);
  await run();
  await sleep(TAIL_MS);
  // By their numbers, not by the clock: an event that is due by now may not have been sent yet.
  const [toMs, to] = [performance.now(), events.count];
  await within(events.allArrived(), () => `${events.missing} events have not arrived`);
  const { events: count, ...freshness } = events.freshness(from, to);
  const residentMb = await Promise.all(instances.all.map((instance) => instance.residentMb()));
  return {
    ...freshness,
    perSecond: count / ((toMs - fromMs) / 1_000),
    rssMb: Math.max(...residentMb),
    cpuUsPerUnit: Number.NaN,
  };
}

async function within(done: Promise<void>, describe: () => string): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(describe())), ARRIVAL_TIMEOUT_MS);
  try {
    await Promise.race([done, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function toText({ p50Ms, p99Ms, maxMs }: MeasuredSample): string {
  return `p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, longest ${Math.round(maxMs)} ms`;
}
