/** Two processes of one name: the older one hangs, its successor takes its partitions, and then it wakes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRecordProducer, readTopic } from '@astrolabe/kafka';
import { headerNames, headerText } from '@astrolabe/records';
import { createLogger, seededRandom } from '@astrolabe/service-kit';
import { eventually, launchService, spawnService } from '@astrolabe/testkit';
import { isDrained, prepareMapper } from './mapper-on-broker.ts';
import { MapperModel, connectors, drawEvent, toRecord } from './mapper-traffic.ts';

const EVENTS = 6_000;
const USERS = 500;
const SEED = 20_261_129;
const silent = createLogger({ name: 'mapper-zombie', level: 'silent' });
const entry = new URL('../../services/mapper/src/main.ts', import.meta.url);

test(
  'a zombie that wakes after its successor took its name commits nothing, is told that it was replaced, and stops',
  { timeout: 240_000 },
  async (t) => {
    const { connection, topics, env, groupId } = await prepareMapper(t, 'zombie', connectors);
    const producer = await createRecordProducer({ connection, logger: silent });
    t.after(() => producer.close());
    const model = new MapperModel();
    const random = seededRandom(SEED);
    const events = Array.from({ length: EVENTS }, (_, index) =>
      drawEvent(index, USERS, (limit) => Math.floor(random() * limit)),
    );
    const send = async (from: number, to: number): Promise<void> => {
      const part = events.slice(from, to);
      const positions = await producer.send(topics.segmentEvents.name, part.map(toRecord));
      positions.forEach(({ partition, offset }, index) => {
        const event = part[index];
        if (event !== undefined) model.apply(event, partition, offset);
      });
    };

    // No session ends by itself while this test runs.
    const named = { ...env, KAFKA_GROUP_INSTANCE_ID: 'mapper-0', KAFKA_SESSION_TIMEOUT_MS: '120000' };
    const zombie = await launchService({ name: 'zombie', entry, env: named });
    await zombie.ready;
    await send(0, EVENTS / 2);
    zombie.kill('SIGSTOP');
    const successor = await spawnService({ name: 'successor', entry, env: named });
    t.after(() => successor.stop());
    await send(EVENTS / 2, EVENTS);
    zombie.kill('SIGCONT');
    const { code } = await zombie.exited;
    assert.equal(code, 1);
    const faults = zombie.records().filter(({ err }) => (err as { code?: string } | undefined)?.code !== undefined);
    assert.ok(
      faults.some(({ err }) => (err as { code: string }).code === 'kafka.instance-fenced'),
      zombie.logs().join('\n'),
    );

    await eventually(() => isDrained(connection, groupId, topics.segmentEvents.name), {
      timeoutMs: 60_000,
      describe: 'the successor to have handled every event',
    });
    const ids: string[] = [];
    await readTopic({ connection, topic: topics.commands.name }, (record) => {
      ids.push(headerText(record, headerNames.commandId) ?? 'none');
    });
    assert.equal(new Set(ids).size, ids.length, 'no command is there twice');
    assert.deepEqual(new Set(ids), new Set(model.sources.keys()));
  },
);
