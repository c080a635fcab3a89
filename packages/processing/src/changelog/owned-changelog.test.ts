import { setImmediate as turn } from 'node:timers/promises';
import { systemClock } from '@astrolabe/service-kit/clock';
import { InMemoryChangelogBrokers } from '../testing/in-memory-changelog-brokers.ts';
import { testOwnership } from '../testing/ownership-contract.ts';
import { OwnedChangelog } from './owned-changelog.ts';

testOwnership(async () => {
  const brokers = new InMemoryChangelogBrokers('state');
  let processes = 0;
  return {
    input: 'input',
    output: 'output',
    start: async ({ instance, graceMs, isPrepared = false } = { instance: '', graceMs: 5 }) => {
      const client = `p${(processes += 1)}`;
      const name = instance || client;
      let owners = 0;
      const owned = new OwnedChangelog({
        brokers: brokers.client(client, async () => turn()),
        groupId: 'group',
        changelogTopic: 'state',
        principal: 'User:test',
        transactionalIds: [`group-${name}-0`, `group-${name}-1`],
        earlierIdsOf: ({ partition }) => [`group-${partition}-0`],
        maxRecordBytes: 1_000_000,
        graceMs,
        newOwnerName: () => `${client}.${(owners += 1)}`,
        clock: systemClock,
      });
      if (isPrepared) await owned.prepare(new AbortController().signal);
      return owned;
    },
    readOutput: async () => [0, 1].flatMap((partition) => brokers.committed('output', partition).map((e) => e.record)),
    release: () => Promise.resolve(),
  };
});
