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
    start: async () => {
      const name = `p${(processes += 1)}`;
      let owners = 0;
      return new OwnedChangelog({
        brokers: brokers.client(name, async () => turn()),
        groupId: 'group',
        changelogTopic: 'state',
        principal: 'User:test',
        transactionalIds: [`group-${name}-0`, `group-${name}-1`],
        earlierIdsOf: ({ partition }) => [`group-${partition}-0`],
        maxRecordBytes: 1_000_000,
        graceMs: 5,
        newOwnerName: () => `${name}.${(owners += 1)}`,
        clock: systemClock,
      });
    },
    readOutput: async () => [0, 1].flatMap((partition) => brokers.committed('output', partition).map((e) => e.record)),
    release: () => Promise.resolve(),
  };
});
