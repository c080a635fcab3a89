/**
 * Has the dispatchers read the whole command topic a second time, in the way that docs/operating.md tells operators
 * ("The same records again"): the group's services are stopped, its offsets set back, and the services started. What
 * their ledger lacks shows as calls.
 */
import { createKafkaAdmin } from '@astrolabe/kafka';
import { eventually, scaledTimeoutMs } from '@astrolabe/testkit';
import type { System } from '../cluster/system.ts';
import type { Drained } from '../oracle/observed.ts';
import { awaitDrained } from './await-drained.ts';
import { lookAtLives, type Phases } from './observe.ts';

const READY_TIMEOUT_MS = scaledTimeoutMs(60_000);
/**
 * A member that did not leave in good order is one until its session ends, and the brokers refuse the reset until then.
 */
const RESET_TIMEOUT_MS = 30_000;

/** After everything has been delivered. Never rejects: what does not work is a finding. */
export async function readAgain(system: System, timeoutMs: number): Promise<Pick<Phases, 'readAgain' | 'livesBefore'>> {
  const { api, instances } = system;
  const dispatchers = [...instances.values()].filter(({ service }) => service === 'dispatcher');
  const livesBefore = await lookAtLives(system);
  const unset = await stuckIn('the reset', async () => {
    await Promise.all(dispatchers.map((dispatcher) => dispatcher.stop(READY_TIMEOUT_MS)));
    await setBack(system);
  });
  const afterSequence = api.arrivals.length;
  const recording = api.recordCalls();
  const unstarted = await stuckIn('the start', async () => {
    await Promise.all(dispatchers.map((dispatcher) => dispatcher.start(READY_TIMEOUT_MS)));
  });
  const drained = unset ?? unstarted ?? (await awaitDrained(system, timeoutMs));
  const calls = recording.stop();
  const isNew = ({ service, instance, life }: (typeof livesBefore)[number]): boolean =>
    service === 'dispatcher' && !livesBefore.some((before) => before.instance === instance && before.life === life);
  const lives = (await lookAtLives(system)).filter(isNew);
  return { readAgain: { afterSequence, calls, lives, drained }, livesBefore };
}

async function setBack({ kafka, topics, groups }: System): Promise<void> {
  const { name } = topics.commands;
  const admin = await createKafkaAdmin(kafka);
  try {
    const watermarks = await admin.watermarks(name);
    const offsets = new Map(watermarks.map(({ partition, lowWatermark }) => [partition, lowWatermark]));
    await eventually(
      async () => {
        await admin.setOffsets(groups.dispatcher, name, offsets);
        return true;
      },
      { timeoutMs: RESET_TIMEOUT_MS, describe: 'the brokers to take the reset' },
    );
  } finally {
    await admin.close();
  }
}

async function stuckIn(what: string, action: () => Promise<void>): Promise<Drained | undefined> {
  try {
    await action();
    return undefined;
  } catch (error) {
    return { kind: 'stuck', detail: `${what} failed: ${String(error)}` };
  }
}
