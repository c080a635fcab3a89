import { randomUUID } from 'node:crypto';
import { createKafkaAdmin } from '@astrolabe/kafka';
import { connect, readAll, silentLogger, topicDefinition } from '@astrolabe/kafka/testing';
import { testOwnership } from '../testing/ownership-contract.ts';
import { openChangelogStore } from './kafka-changelog-store.ts';

testOwnership(async () => {
  const id = randomUUID();
  const [input, output, changelogTopic] = [`test-in-${id}`, `test-out-${id}`, `test-state-${id}`];
  const admin = await createKafkaAdmin(connect());
  const definitions = [input, output, changelogTopic].map((name) => topicDefinition(name, { partitions: 2 }));
  await admin.applyTopics(await admin.planTopics(definitions, 1));
  return {
    input,
    output,
    start: ({ instance, graceMs, isPrepared = false } = { instance: randomUUID(), graceMs: 20 }) =>
      openChangelogStore({
        connection: connect(),
        groupId: `group-${id}`,
        changelogTopic,
        guarantee: 'exactly-once',
        logger: silentLogger,
        graceMs,
        instance,
        ...(isPrepared && {
          firstTakeovers: { inputTopic: input, partitions: 2, signal: new AbortController().signal },
        }),
      }),
    readOutput: () => readAll(output),
    release: async () => {
      await admin.deleteTopics([input, output, changelogTopic]);
      await admin.close();
    },
  };
});
