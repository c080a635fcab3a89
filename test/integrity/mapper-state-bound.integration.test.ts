/**
 * The mapper's state on a real broker: what the first version wrote is read and replaced, what is beyond the bound is
 * not kept, and a restart restores what was there.
 */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { createKafkaAdmin, createRecordProducer, readTopic } from '@astrolabe/kafka';
import {
  headerNames,
  headerText,
  partitionFor,
  toHeaders,
  type ConsumedRecord,
  type OutgoingRecord,
} from '@astrolabe/records';
import { createLogger } from '@astrolabe/service-kit';
import { eventually, spawnService } from '@astrolabe/testkit';
import { prepareMapper } from './mapper-on-broker.ts';

const LIMIT = 20;
const PARTITIONS = 6;
const entry = new URL('../../services/mapper/src/main.ts', import.meta.url);
const silent = createLogger({ name: 'mapper-state-bound', level: 'silent' });
const NOW_MS = Date.now();

test(
  'a changelog topic of the first version is upgraded, the state stays within its bound over restarts, and deleted users stay deleted',
  { timeout: 180_000 },
  async (t) => {
    const pipeline = await prepare(t);
    const { topics } = pipeline;
    const long = 'u'.repeat(512);
    await pipeline.writeOldState([
      ['acme', 'gone', { suppressed: { atMs: NOW_MS - 1_000 } }],
      ['acme', long, { suppressed: { atMs: NOW_MS - 1_000 } }],
      // The first version took ids of any length.
      ['acme', 'u'.repeat(30_000), { suppressed: { atMs: NOW_MS - 1_000 } }],
      ['acme', 'lifted-long-ago', { suppressed: { atMs: 1, liftedAtMs: NOW_MS - 38 * 86_400_000 } }],
      ['globex', 'free', { email: { domain: 'gmail.com', atMs: NOW_MS - 1_000 } }],
    ]);
    const first = await pipeline.start();
    await pipeline.send([
      { type: 'identify', connector: 'acme', userId: 'gone' },
      { type: 'identify', connector: 'acme', userId: long },
      { type: 'track', connector: 'globex', userId: 'free', event: 'E' },
      { type: 'identify', connector: 'acme', userId: 'here' },
    ]);
    await pipeline.untilDrained();
    assert.deepEqual(await pipeline.usersOfCommands(), ['here']);
    const upgraded = await pipeline.liveState();
    assert.deepEqual(
      [...upgraded.keys()].filter((key) => !key.includes('"user-sha256"') && !key.startsWith('["",')),
      [],
      'no outdated key is left',
    );

    const deletions = Array.from({ length: 20 * LIMIT }, (_, index) => `deleted-${index}`);
    const visitors = Array.from({ length: 20 * LIMIT }, (_, index) => `visitor-${index}`);
    await pipeline.send(deletions.map((userId) => ({ type: 'delete', connector: 'acme', userId })));
    await pipeline.send(
      visitors.map((userId) => {
        const traits = { email: `${userId}@gmail.com` };
        return { type: 'identify', connector: 'globex', userId, traits };
      }),
    );
    await pipeline.untilDrained();
    await first.stop();

    const counts = await pipeline.countsByScope();
    assert.ok(counts.size > 0);
    for (const [scope, count] of counts) assert.ok(count <= LIMIT, `${scope} has ${count}`);
    const refused = new Set<string>();
    await readTopic({ connection: pipeline.connection, topic: topics.segmentEventsDeadLetters.name }, (record) => {
      assert.equal(headerText(record, headerNames.deadLetterCode), 'mapper.state-full');
      refused.add(userOf(record));
    });
    assert.ok(refused.size > 0 && refused.size < deletions.length);
    const [tombstone] = [...(await pipeline.records(topics.mapperState.name))].filter(
      ({ key, value }) => value === null && String(key).includes('globex'),
    );
    assert.ok(tombstone, 'who gave way ended as a tombstone');

    const before = await pipeline.liveState();
    const second = await pipeline.start();
    const remembered = deletions.filter((userId) => !refused.has(userId));
    await pipeline.send(remembered.map((userId) => ({ type: 'identify', connector: 'acme', userId })));
    await pipeline.send([{ type: 'identify', connector: 'acme', userId: 'here-too' }]);
    await pipeline.untilDrained();
    await second.stop();
    const users = (await pipeline.usersOfCommands()).filter((userId) => userId.startsWith('deleted'));
    assert.deepEqual(users, [...remembered].sort(), 'each has its deletion, once, and nobody comes back');
    const isUser = ([key]: readonly [string, unknown]) => !key.startsWith('["",');
    assert.deepEqual([...(await pipeline.liveState())].filter(isUser).sort(), [...before].filter(isUser).sort());
  },
);

interface SentEvent {
  readonly type: string;
  readonly connector: string;
  readonly userId: string;
  readonly event?: string;
  readonly traits?: object;
}

function userOf({ key }: ConsumedRecord): string {
  return (JSON.parse(String(key)) as string[])[2] ?? '';
}

async function prepare(t: TestContext) {
  const prepared = await prepareMapper(t, 'state-bound', [
    { id: 'acme', name: 'Acme', apiKey: 'apikey0acme' },
    { id: 'globex', name: 'Globex', apiKey: 'apikey0globex', freeEmailProviders: 'block' },
  ]);
  const { connection, topics, groupId } = prepared;
  const producer = await createRecordProducer({ connection, logger: silent });
  t.after(() => producer.close());
  const admin = await createKafkaAdmin(connection);
  t.after(() => admin.close());
  const env = { ...prepared.env, MAPPER_MAX_USERS_PER_CONNECTOR: String(LIMIT) };
  let sent = 0;

  const records = async (topic: string): Promise<ConsumedRecord[]> => {
    const all: ConsumedRecord[] = [];
    await readTopic({ connection, topic }, (record) => all.push(record));
    return all;
  };
  const liveState = async () => afterCompaction(await records(topics.mapperState.name));
  return {
    topics,
    connection,
    records,
    liveState,
    start: async () => {
      const mapper = await spawnService({ name: 'mapper', entry, env });
      t.after(() => mapper.stop());
      return mapper;
    },
    writeOldState: async (states: readonly OldState[]) => {
      await producer.send(topics.mapperState.name, states.map(oldStateRecord));
    },
    send: async (events: readonly SentEvent[]) => {
      const numbered = events.map((event) => eventRecord(event, `m-${(sent += 1)}`));
      await producer.send(topics.segmentEvents.name, numbered);
    },
    untilDrained: () =>
      eventually(
        async () => {
          const committed = await admin.commits(groupId, topics.segmentEvents.name);
          const watermarks = await admin.watermarks(topics.segmentEvents.name);
          return watermarks.every(
            ({ partition, highWatermark }) =>
              highWatermark === 0n || committed.get(partition)?.nextOffset === highWatermark,
          );
        },
        { timeoutMs: 60_000, describe: 'the mapper to have handled every event' },
      ),
    /** One for each command. */
    usersOfCommands: async () => (await records(topics.commands.name)).map(userOf).sort(),
    countsByScope: async () => countByScope((await liveState()).keys()),
  };
}

/** Connector, user and state as the first version wrote them. */
type OldState = readonly [string, string, object];

function oldStateRecord([connectorId, userId, state]: OldState): OutgoingRecord {
  const key = Buffer.from(JSON.stringify([connectorId, 'user', userId]));
  const value = Buffer.from(JSON.stringify(state));
  return { key, value, headers: {}, partition: partitionFor(key, PARTITIONS) };
}

function eventRecord({ connector, ...event }: SentEvent, messageId: string): OutgoingRecord {
  const receivedAt = new Date().toISOString();
  return {
    key: Buffer.from(JSON.stringify([connector, 'user', event.userId])),
    value: Buffer.from(JSON.stringify({ ...event, messageId, receivedAt })),
    headers: toHeaders({
      [headerNames.connectorId]: connector,
      [headerNames.messageId]: messageId,
      [headerNames.receivedAt]: receivedAt,
    }),
  };
}

/** What compaction would leave, by `key@partition`. */
function afterCompaction(records: readonly ConsumedRecord[]): Map<string, string> {
  const live = new Map<string, string>();
  for (const { key, value, partition } of records) {
    const name = `${String(key)}@${partition}`;
    if (value === null) live.delete(name);
    else live.set(name, String(value));
  }
  return live;
}

/** Users by connector and partition. */
function countByScope(names: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) {
    if (name.startsWith('["",')) continue;
    const [key, partition] = [name.slice(0, name.lastIndexOf('@')), name.slice(name.lastIndexOf('@'))];
    const scope = `${(JSON.parse(key) as string[])[0]}${partition}`;
    counts.set(scope, (counts.get(scope) ?? 0) + 1);
  }
  return counts;
}
