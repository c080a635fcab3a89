/** A process on modelled brokers, which can be paused, and lose requests and answers. */
import { setImmediate as turn } from 'node:timers/promises';
import { COMMIT_MARK, type ChangelogStore, type InputPartition } from '@astrolabe/records';
import type { Clock } from '@astrolabe/service-kit/clock';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { OwnedChangelog } from '../changelog/owned-changelog.ts';
import type { PartitionProcessor } from '../consumer/partition-processor.ts';
import type { InMemoryChangelogBrokers } from './in-memory-changelog-brokers.ts';

/** A process with a partition, be it its own or one that it does not know that it has lost. */
export interface Member {
  readonly process: CountingProcess;
  readonly partition: number;
  readonly abort: AbortController;
  /** Of its fetch loop. */
  position: bigint;
  committable: bigint | undefined;
  processor: PartitionProcessor | undefined;
}

export interface CountingProcess {
  /** Of its transactional ids. */
  readonly name: string;
  readonly changelog: ChangelogStore;
  readonly members: Map<number, Member>;
  /** Ends of earlier members by partition. */
  readonly ending: Map<number, Promise<void>>;
  /** Its requests and answers wait while there is one. */
  gate: PromiseWithResolvers<void> | undefined;
  /** Whether the next request or answer is lost, and those that follow. */
  losses: boolean[];
}

export interface CountingProcessOptions {
  readonly brokers: InMemoryChangelogBrokers;
  readonly groupId: string;
  readonly input: string;
  /** Of its transactional ids. */
  readonly name: string;
  /** Its own in all the world. */
  readonly client: string;
  readonly clock: Clock;
  readonly committed: (partition: number) => bigint | undefined;
}

export function startCountingProcess(options: CountingProcessOptions): CountingProcess {
  const { brokers, groupId, name, client, clock } = options;
  const step = async (): Promise<void> => {
    while (process.gate !== undefined) await process.gate.promise;
    await turn();
    if (process.losses.shift() !== true) return;
    throw new PipelineError('kafka.unavailable', 'a request or its answer was lost', { retryable: true });
  };
  let owners = 0;
  const owned = new OwnedChangelog({
    brokers: brokers.client(client, step),
    groupId,
    changelogTopic: brokers.changelogTopic,
    principal: 'User:test',
    transactionalIds: [`${groupId}-${name}-0`, `${groupId}-${name}-1`],
    earlierIdsOf: ({ partition }) => [`${groupId}-${partition}-0`],
    maxRecordBytes: 1_000_000,
    graceMs: 20,
    newOwnerName: () => `${client}.${(owners += 1)}`,
    clock,
  });
  const process: CountingProcess = {
    name,
    changelog: storeOf(owned, options),
    members: new Map(),
    ending: new Map(),
    gate: undefined,
    losses: [],
  };
  // As before the group is joined. What is lost of it is made up for by the first takeover.
  owned.prepare(new AbortController().signal).catch(() => undefined);
  return process;
}

function storeOf(
  owned: OwnedChangelog,
  { brokers, groupId, input, committed }: CountingProcessOptions,
): ChangelogStore {
  return {
    groupId,
    changelogTopic: brokers.changelogTopic,
    takeOver: (...given) => owned.takeOver(...given),
    readState: () => Promise.reject(new Error('no key is outdated in this test')),
    committedOffset: async ({ partition }: InputPartition) => {
      const offset = committed(partition);
      return offset === undefined ? undefined : { offset, metadata: COMMIT_MARK };
    },
    inputOffsets: async ({ partition }) => brokers.offsets(input, partition),
    close: () => owned.close(),
  };
}

export function wake(process: Pick<CountingProcess, 'gate'>): void {
  process.gate?.resolve();
  process.gate = undefined;
}

/** Time that goes on only where somebody sleeps. */
export function turningClock(): Clock {
  let nowMs = 0;
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    sleep: async (ms, signal) => {
      await turn();
      nowMs += ms;
      signal?.throwIfAborted();
    },
  };
}
