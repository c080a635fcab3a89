/**
 * Waits until both groups have come together: what a schedule does to a service in its first seconds must meet one that
 * works.
 */
import { eventually } from '@astrolabe/testkit';
import { ownedPartitions, type GroupMember } from '../cluster/owned-partitions.ts';
import type { System } from '../cluster/system.ts';

const TIMEOUT_MS = 60_000;

/** Resolves when each partition has an owner, and each instance has partitions. */
export async function awaitOwners(system: System): Promise<void> {
  const { topics } = system;
  await Promise.all([
    awaitOwnersOf(system, 'mapper', topics.segmentEvents.partitions),
    awaitOwnersOf(system, 'dispatcher', topics.commands.partitions),
  ]);
}

async function awaitOwnersOf({ instances }: System, service: GroupMember, partitions: number): Promise<void> {
  const own = [...instances.values()].filter((instance) => instance.service === service);
  const isShared = async (): Promise<boolean> => {
    const owned = await Promise.all(
      own.map(async (instance) => {
        await instance.look();
        return ownedPartitions(service, instance.lives().at(-1)?.metrics ?? []);
      }),
    );
    return owned.every(({ length }) => length > 0) && new Set(owned.flat()).size === partitions;
  };
  await eventually(isShared, {
    timeoutMs: TIMEOUT_MS,
    intervalMs: 200,
    describe: `the ${service} instances to have all ${partitions} partitions between them`,
  });
}
