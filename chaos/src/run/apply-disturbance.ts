/** Does to the running pipeline what the schedule says, and heals it. */
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createKafkaAdmin } from '@astrolabe/kafka';
import type { Fault } from '@astrolabe/reference-api';
import { eventually, scaledTimeoutMs, type FaultProxy } from '@astrolabe/testkit';
import { connectorsFileText } from '../cluster/connectors.ts';
import type { System } from '../cluster/system.ts';
import type { ApiFaultName, BrokerName, Disturbance, InstanceName, Link } from '../schedule/disturbance.ts';
import { done, type DisturbanceEnd } from './disturbance-end.ts';
import { runReplay } from './run-replay.ts';

const RESTART_TIMEOUT_MS = scaledTimeoutMs(60_000);

/** Resolves once it is healed. Rejects where it could not be healed: the run is worth nothing then. */
export async function applyDisturbance(system: System, disturbance: Disturbance): Promise<DisturbanceEnd> {
  const { forMs } = disturbance;
  switch (disturbance.kind) {
    case 'kill':
      return isBroker(disturbance.target)
        ? killBroker(system, disturbance.target, forMs)
        : killService(system, disturbance.target);
    case 'freeze':
      return isBroker(disturbance.target)
        ? freezeBrokers(system, [disturbance.target], forMs)
        : freezeService(system, disturbance.target, forMs);
    case 'rolling-restart':
      return rollingRestart(system, disturbance.of);
    case 'restart':
      await found(system.instances, disturbance.target).restart(RESTART_TIMEOUT_MS);
      return done;
    case 'replace':
      return replaceInstance(system, disturbance);
    case 'cut':
      return disturbLink(system, disturbance.link, forMs, (proxy) => proxy.cut());
    case 'blackhole':
      return disturbLink(system, disturbance.link, forMs, (proxy) => proxy.blackhole());
    case 'delay':
      return disturbLink(system, disturbance.link, forMs, (proxy) => proxy.delay(disturbance.delayMs));
    case 'registry-away':
      return disturbLink(system, 'services>registry', forMs, (proxy) => proxy.cut());
    case 'api-fault': {
      const connector = disturbance.connector === null ? undefined : system.connectors[disturbance.connector]?.id;
      const match = connector === undefined ? {} : { match: { connector } };
      return disturbApi(system, { ...faults[disturbance.fault], rate: disturbance.rate, ...match }, forMs);
    }
    case 'calls-refused':
      return refuseCalls(system, disturbance, forMs);
    case 'key-revoked': {
      const connector = system.connectors[disturbance.connector]?.id ?? '';
      return disturbApi(system, { kind: 'status', status: 401, match: { connector } }, forMs);
    }
    case 'connectors-edited':
      return editConnectors(system, disturbance.edit, forMs);
    case 'partitions-added':
      return addPartitions(system);
    case 'disk-full':
      return fillDisk(system, disturbance.target, forMs);
    case 'quorum-lost':
      return freezeBrokers(system, ['broker-1', 'broker-2'], forMs);
    case 'replay':
      return runReplay(system, disturbance);
  }
}

const faults: Readonly<Record<ApiFaultName, Fault>> = {
  'status-500': { kind: 'status', status: 500 },
  'status-503': { kind: 'status', status: 503 },
  'status-429': { kind: 'status', status: 429, retryAfterSeconds: 1 },
  delay: { kind: 'delay', delayMs: 300 },
  hang: { kind: 'hang' },
  cut: { kind: 'cut' },
  'lose-answer': { kind: 'lose-answer' },
};

function isBroker(target: InstanceName | BrokerName): target is BrokerName {
  return target.startsWith('broker');
}

async function killBroker(system: System, name: BrokerName, forMs: number): Promise<DisturbanceEnd> {
  const { control } = found(system.brokers, name);
  await control.kill();
  await sleep(forMs);
  await control.start();
  return done;
}

async function killService(system: System, name: InstanceName): Promise<DisturbanceEnd> {
  found(system.instances, name).kill();
  return done;
}

async function freezeBrokers(system: System, names: readonly BrokerName[], forMs: number): Promise<DisturbanceEnd> {
  const controls = names.map((name) => found(system.brokers, name).control);
  for (const control of controls) await control.pause();
  await sleep(forMs);
  for (const control of controls) await control.resume();
  return done;
}

async function freezeService(system: System, name: InstanceName, forMs: number): Promise<DisturbanceEnd> {
  const instance = found(system.instances, name);
  instance.freeze();
  await sleep(forMs);
  instance.thaw();
  return done;
}

async function rollingRestart(system: System, of: string): Promise<DisturbanceEnd> {
  if (of === 'brokers') {
    for (const { control } of system.brokers.values()) {
      await control.stop();
      await control.start();
      await sleep(BROKER_REST_MS);
    }
    return done;
  }
  for (const instance of system.instances.values()) {
    if (instance.service === of) await instance.restart(RESTART_TIMEOUT_MS);
  }
  return done;
}

async function replaceInstance(
  { rollout }: Pick<System, 'rollout'>,
  { target, by }: Extract<Disturbance, { readonly kind: 'replace' }>,
): Promise<DisturbanceEnd> {
  if (rollout === undefined) return { kind: 'skipped', reason: 'the run has one revision' };
  const replaced = await rollout.replace(target, by);
  switch (replaced.kind) {
    case 'replaced':
      return done;
    case 'ran-already':
      return { kind: 'skipped', reason: `it ran the ${by} revision already` };
    case 'does-not-serve':
      return { kind: 'skipped', reason: `it does not serve in the ${by} revision: ${replaced.reason}` };
  }
}

/** A broker that serves again is not yet in sync; the next one would leave two replicas out. */
const BROKER_REST_MS = 3_000;

/**
 * Faults of one proxy at the same time, of one link or of two that share it: the last one holds until the last one
 * ends.
 */
const disturbed = new WeakMap<FaultProxy, symbol>();

async function disturbLink(
  system: System,
  link: Link,
  forMs: number,
  disturb: (proxy: FaultProxy) => void,
): Promise<DisturbanceEnd> {
  const proxies = found(system.links, link);
  const own = Symbol(link);
  for (const proxy of proxies) {
    disturbed.set(proxy, own);
    disturb(proxy);
  }
  await sleep(forMs);
  for (const proxy of proxies) if (disturbed.get(proxy) === own) proxy.resume();
  return done;
}

async function disturbApi(system: System, fault: Fault, forMs: number): Promise<DisturbanceEnd> {
  const heal = system.api.disturb(fault);
  await sleep(forMs);
  heal();
  return done;
}

async function refuseCalls(
  { api }: System,
  { status, calls }: Extract<Disturbance, { readonly kind: 'calls-refused' }>,
  forMs: number,
): Promise<DisturbanceEnd> {
  const heal = api.disturb({ kind: 'status', status, times: calls });
  const refused = (): number => api.api.faults.list().reduce((sum, { hits }) => sum + hits, 0);
  try {
    await eventually(() => refused() >= calls, { timeoutMs: forMs, describe: `${calls} calls to be refused` });
    return done;
  } catch {
    return { kind: 'skipped', reason: `only ${refused()} of ${calls} calls came` };
  } finally {
    heal();
  }
}

async function editConnectors(
  { connectors, connectorsFile }: System,
  edit: 'broken' | 'bulk' | 'concurrency',
  forMs: number,
): Promise<DisturbanceEnd> {
  const text = {
    broken: connectorsFileText(connectors).slice(0, 200),
    bulk: connectorsFileText(connectors, { bulk: true }),
    concurrency: connectorsFileText(connectors, { maxConcurrentCalls: 2 }),
  }[edit];
  await writeFile(connectorsFile, text);
  await sleep(forMs);
  await writeFile(connectorsFile, connectorsFileText(connectors));
  return done;
}

async function addPartitions({ kafka, topics }: System): Promise<DisturbanceEnd> {
  try {
    const admin = await createKafkaAdmin(kafka);
    try {
      const deadLetters = [topics.segmentEventsDeadLetters, topics.commandsDeadLetters];
      const more = await Promise.all(
        deadLetters.map(async (topic) => ({ ...topic, partitions: (await admin.watermarks(topic.name)).length + 1 })),
      );
      await admin.applyTopics(await admin.planTopics(more, 3));
    } finally {
      await admin.close();
    }
    return done;
  } catch (error) {
    return { kind: 'skipped', reason: `the brokers did not take it: ${String(error)}` };
  }
}

async function fillDisk(system: System, name: InstanceName, forMs: number): Promise<DisturbanceEnd> {
  const disk = found(system.ledgerDisks, name);
  if (!(await disk.fill())) return { kind: 'skipped', reason: 'a small disk needs the right to mount a tmpfs' };
  await sleep(forMs);
  await disk.free();
  return done;
}

function found<Name, Part>(parts: ReadonlyMap<Name, Part>, name: Name): Part {
  const part = parts.get(name);
  if (part === undefined) throw new Error(`the pipeline has no ${String(name)}`);
  return part;
}
