/** The services of a hostile pipeline as processes, and what they take. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  parsePrometheusText,
  spawnService,
  sumOf,
  type ProcessExit,
  type Sample,
  type ServiceProcess,
} from '@astrolabe/testkit';
import { heldHeapBytes, measurable } from '../integrity/held-heap.ts';

export type ServiceName = 'ingest' | 'mapper' | 'dispatcher';

export interface ProcessMemory {
  readonly residentBytes: number;
  /** Objects, those that are not yet collected included. */
  readonly heapBytes: number;
  /** Buffers beside the heap. */
  readonly externalBytes: number;
}

export interface HostileProcesses {
  readonly services: Readonly<Record<ServiceName, ServiceProcess>>;
  /** Waits for a service to end by itself, and gives what it grew by until then, in resident bytes. */
  untilEnded(service: ServiceName): Promise<{ readonly exit: ProcessExit; readonly grewBytes: number }>;
  /** Starts a service that has ended. */
  restart(service: ServiceName): Promise<void>;
  /** Text of a service's `/metrics`. */
  metrics(service: ServiceName): Promise<string>;
  samples(service: ServiceName): Promise<readonly Sample[]>;
  /** What the processes take now. */
  memory(): Promise<Readonly<Record<ServiceName, ProcessMemory>>>;
  /** Bytes of objects that are left after a collection. */
  heldBytes(): Promise<Readonly<Record<ServiceName, number>>>;
  /** Answers or rejects with the service that has ended. */
  assertAlive(): Promise<void>;
}

const entryOf = (service: ServiceName): URL => new URL(`../../services/${service}/src/main.ts`, import.meta.url);

/** Resolves when all of them serve. */
export async function startProcesses(
  closings: (() => Promise<unknown>)[],
  envOf: (service: ServiceName) => Readonly<Record<string, string>>,
): Promise<HostileProcesses> {
  const endedByThemselves = new Set<ServiceProcess>();
  const startService = async (name: ServiceName): Promise<ServiceProcess> => {
    const service = await spawnService({ name, entry: entryOf(name), env: { ...measurable, ...envOf(name) } });
    closings.push(async () => {
      if (!endedByThemselves.has(service)) await service.stop();
    });
    return service;
  };
  const [ingest, mapper, dispatcher] = await Promise.all([
    startService('ingest'),
    startService('mapper'),
    startService('dispatcher'),
  ]);
  const services = { ingest, mapper, dispatcher };
  return {
    services,
    ...measuresOf(services),
    untilEnded: (name) => {
      endedByThemselves.add(services[name]);
      return watchUntilEnded(services[name]);
    },
    restart: async (name) => {
      services[name] = await startService(name);
    },
    assertAlive: async () => {
      for (const { name, pid, adminUrl } of Object.values(services)) {
        await readFile(`/proc/${pid}/cmdline`).catch(() => {
          throw new Error(`${name} has ended`);
        });
        const { status } = await fetch(`${adminUrl}/livez`);
        if (status !== 200) throw new Error(`${name} answers ${status} at /livez`);
      }
    },
  };
}

/** `services` as they are at each call: one may have been started again. */
function measuresOf(
  services: Readonly<Record<ServiceName, ServiceProcess>>,
): Pick<HostileProcesses, 'metrics' | 'samples' | 'memory' | 'heldBytes'> {
  const metrics = async (service: ServiceName): Promise<string> =>
    (await fetch(`${services[service].adminUrl}/metrics`)).text();
  const samples = async (service: ServiceName): Promise<readonly Sample[]> =>
    parsePrometheusText(await metrics(service));
  const ofEach = async <T>(measure: (service: ServiceName) => Promise<T>): Promise<Record<ServiceName, T>> => ({
    ingest: await measure('ingest'),
    mapper: await measure('mapper'),
    dispatcher: await measure('dispatcher'),
  });
  return {
    metrics,
    samples,
    memory: () =>
      ofEach(async (service) => {
        const now = await samples(service);
        return {
          residentBytes: sumOf(now, 'process_resident_memory_bytes'),
          heapBytes: sumOf(now, 'nodejs_heap_size_used_bytes'),
          externalBytes: sumOf(now, 'nodejs_external_memory_bytes'),
        };
      }),
    heldBytes: () => ofEach((service) => heldHeapBytes(services[service])),
  };
}

async function watchUntilEnded(service: ServiceProcess): ReturnType<HostileProcesses['untilEnded']> {
  let isRunning = true;
  const exited = service.exited.finally(() => (isRunning = false));
  const first = await residentBytesOf(service.pid);
  let peak = first;
  while (isRunning) {
    peak = Math.max(peak, await residentBytesOf(service.pid));
    await Promise.race([exited, sleep(50)]);
  }
  return { exit: await exited, grewBytes: peak - first };
}

const PAGE_BYTES = 4_096;

/** 0 once it has ended. */
async function residentBytesOf(pid: number): Promise<number> {
  const fields = await readFile(`/proc/${pid}/statm`, 'utf8').catch(() => '');
  return Number(fields.split(' ')[1] ?? 0) * PAGE_BYTES;
}
