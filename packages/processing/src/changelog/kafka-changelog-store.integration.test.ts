import { randomUUID } from 'node:crypto';
import { createKafkaAdmin } from '@astrolabe/kafka';
import { connect, readAll, silentLogger, topicDefinition } from '@astrolabe/kafka/testing';
import { CONTRACT_MAX_RECORD_BYTES, CONTRACT_MAX_REQUEST_BYTES, testChangelogStore } from '@astrolabe/records/testing';
import { openChangelogStore, type Guarantee } from './kafka-changelog-store.ts';

function testGuarantee(guarantee: Guarantee): void {
  const create = async () => {
    const admin = await createKafkaAdmin(connect());
    const id = randomUUID();
    const [input, a, b, changelogTopic] = ['input', 'a', 'b', 'state'].map((name) => `test-${name}-${id}`) as [
      string,
      string,
      string,
      string,
    ];
    const topics = [input, a, b, changelogTopic];
    const definitions = topics.map((name) => topicDefinition(name, { partitions: 2 }));
    await admin.applyTopics(await admin.planTopics(definitions, 1));
    const changelog = await openChangelogStore({
      connection: connect(),
      groupId: `group-${id}`,
      changelogTopic,
      guarantee,
      logger: silentLogger,
      maxRecordBytes: CONTRACT_MAX_RECORD_BYTES,
      maxRequestBytes: CONTRACT_MAX_REQUEST_BYTES,
    });
    return {
      changelog,
      input,
      outputs: [a, b] as const,
      readCommitted: readAll,
      release: async () => {
        await changelog.close();
        await admin.deleteTopics(topics);
        await admin.close();
      },
    };
  };
  testChangelogStore(create, { fences: guarantee === 'exactly-once' });
}

testGuarantee('exactly-once');
testGuarantee('at-least-once');
