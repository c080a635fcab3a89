/**
 * The mapper is killed again and again while it replays events beside live ones, and its partitions move between two
 * instances. In the end each event of a range has made its commands once more, and each live event has made its own.
 *
 * The long form: `MAPPER_EVENTS=100000 MAPPER_KILLS=10 npm run with-stack -- node --test
 * test/integrity/mapper-replays.integration.test.ts`.
 */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createKafkaAdmin, createRecordProducer, readTopic, type KafkaConnection } from '@astrolabe/kafka';
import { headerNames, headerText, toHeaders, type ConsumedRecord, type RecordProducer } from '@astrolabe/records';
import {
  noDispatcherCounts,
  orderRecord,
  readOf,
  replayedCommandsRecord,
  totalsOf,
  type ReplayFollower,
  type ReplayOrder,
  type ReplayView,
} from '@astrolabe/replay';
import { openReplayFollower } from '@astrolabe/processing';
import { replayOrder } from '@astrolabe/replay/testing';
import { createLogger, seededRandom } from '@astrolabe/service-kit';
import { systemClock } from '@astrolabe/service-kit/clock';
import { present } from '@astrolabe/service-kit/errors';
import { eventually, spawnService, type ServiceProcess } from '@astrolabe/testkit';
import { isDrained, prepareMapper } from './mapper-on-broker.ts';

const EVENTS = Number(process.env['MAPPER_EVENTS'] ?? 12_000);
const KILLS = Number(process.env['MAPPER_KILLS'] ?? 3);
const SEED = Number(process.env['MAPPER_SEED'] ?? 20_261_129);
const TIMEOUT_MS = 360_000 + KILLS * 30_000 + EVENTS;
/** So that it lasts for as long as the kills take. */
const RECORDS_PER_SECOND = EVENTS / (4 + KILLS * 4);
const USERS = 200;

const entry = new URL('../../services/mapper/src/main.ts', import.meta.url);
const silent = createLogger({ name: 'mapper-replays', level: 'silent' });
const connectors = ['acme', 'globex'].map((id) => ({ id, name: id, apiKey: `apikey0${id}` }));

/** Each makes one command. */
async function send(producer: RecordProducer, topic: string, first: number, count: number): Promise<void> {
  for (let at = first; at < first + count; at += 500) {
    const numbers = Array.from({ length: Math.min(500, first + count - at) }, (_, index) => at + index);
    const records = numbers.map((number) => {
      const [connector, userId] = [number % 3 === 0 ? 'globex' : 'acme', `user-${number % USERS}`];
      const event = { type: 'identify', userId, messageId: `m-${number}`, traits: { number } };
      return {
        key: Buffer.from(JSON.stringify([connector, 'user', userId])),
        value: Buffer.from(JSON.stringify(event)),
        headers: toHeaders({
          [headerNames.connectorId]: connector,
          [headerNames.messageId]: event.messageId,
          [headerNames.receivedAt]: new Date().toISOString(),
        }),
      };
    });
    await producer.send(topic, records);
  }
}

function follow(t: TestContext, connection: KafkaConnection, topic: string): ReplayFollower {
  const follower = openReplayFollower({
    connection,
    topic,
    clock: systemClock,
    random: Math.random,
    logger: silent,
    onFault: (fault) => assert.fail(fault as Error),
  });
  t.after(() => follower.close());
  return follower;
}

async function commandsOn(connection: KafkaConnection, topic: string): Promise<readonly ConsumedRecord[]> {
  const records: ConsumedRecord[] = [];
  await readTopic({ connection, topic }, (record) => records.push(record));
  return records;
}

const idsOf = (records: readonly ConsumedRecord[]): readonly string[] =>
  records.map((record) => headerText(record, headerNames.commandId) ?? 'none').sort();

/** Commands of each key are in the order of their events: keys and partitions are the same here. */
function assertInOrder(records: readonly ConsumedRecord[]): void {
  for (const ofPartition of Map.groupBy(records, ({ partition }) => partition).values()) {
    for (const ofKey of Map.groupBy(ofPartition, ({ key }) => String(key)).values()) {
      const offsets = ofKey.map((record) => Number(headerText(record, headerNames.replayFrom)?.split(':').at(-1)));
      assert.deepEqual(
        offsets,
        offsets.toSorted((a, b) => a - b),
      );
    }
  }
}

test(
  'after any number of kill -9 of the mapper, each event of a range that is replayed has made its commands once more, and live events beside it theirs once',
  { timeout: TIMEOUT_MS },
  async (t) => {
    const { connection, topics, env, groupId } = await prepareMapper(t, 'mapper-replays', connectors);
    const random = seededRandom(SEED);
    let lives = 0;
    const start = (): Promise<ServiceProcess> => spawnService({ name: `mapper-${(lives += 1)}`, entry, env });
    const instances = await Promise.all([start(), start()]);
    t.after(() => Promise.all(instances.map((instance) => instance.stop())));
    const producer = await createRecordProducer({ connection, logger: silent });
    t.after(() => producer.close());
    const drained = () =>
      eventually(() => isDrained(connection, groupId, topics.segmentEvents.name), {
        timeoutMs: 120_000 + EVENTS,
        describe: 'the mapper to have handled every live event',
      });
    await send(producer, topics.segmentEvents.name, 0, EVENTS);
    await drained();

    const admin = await createKafkaAdmin(connection);
    t.after(() => admin.close());
    const spans = (await admin.watermarks(topics.segmentEvents.name))
      .filter(({ highWatermark }) => highWatermark > 0n)
      .map(({ partition, highWatermark }) => ({ partition, fromOffset: 0n, endOffset: highWatermark }));
    const all = replayOrder({ id: 'all', spans, recordsPerSecond: RECORDS_PER_SECOND });
    const some = replayOrder({ id: 'some', spans, request: { source: 'events', connector: ['globex'] } });
    // No dispatcher is here to say so: every command of the replays has ended.
    const counts = { ...noDispatcherCounts, delivered: EVENTS };
    const ended = {
      nextOffset: 0n,
      atMs: 1,
      replays: { all: { gaveWayMs: 0, counts }, some: { gaveWayMs: 0, counts } },
    };
    const orders = [replayedCommandsRecord(0, ended), orderRecord(all), orderRecord(some)];
    for (const record of orders) await producer.send(topics.replays.name, [record]);

    const follower = follow(t, connection, topics.replays.name);
    const viewOf = ({ id }: ReplayOrder): ReplayView | undefined => follower.current().replays.get(id);
    const leftOf = (order: ReplayOrder): number => {
      const view = viewOf(order);
      return view === undefined ? Number.POSITIVE_INFINITY : totalsOf(view).offsetsLeft;
    };
    let sent = EVENTS;
    for (let kill = 0; kill < KILLS; kill += 1) {
      await send(producer, topics.segmentEvents.name, sent, 500);
      sent += 500;
      await sleep(500 + random() * 1_500);
      t.diagnostic(`kill ${kill + 1}: ${leftOf(all)} and ${leftOf(some)} events are left`);
      const victim = kill % 2;
      instances[victim]?.kill('SIGKILL');
      await instances[victim]?.exited;
      instances[victim] = await start();
    }
    await eventually(() => leftOf(all) === 0 && leftOf(some) === 0, {
      timeoutMs: 180_000 + EVENTS,
      describe: 'the replays to have read their ranges',
    });
    await drained();

    const live = await commandsOn(connection, topics.commands.name);
    assert.deepEqual([live.length, new Set(idsOf(live)).size], [sent, sent]);
    const range = live.filter((record) => Number(headerText(record, headerNames.messageId)?.slice(2)) < EVENTS);
    const replayed = await commandsOn(connection, topics.replayedCommands.name);
    for (const [order, expected] of [
      [all, range],
      [some, range.filter((record) => headerText(record, headerNames.connectorId) === 'globex')],
    ] as const) {
      const own = replayed.filter((record) => headerText(record, headerNames.replayId) === order.id);
      assert.deepEqual(idsOf(own), idsOf(expected));
      assertInOrder(own);
      const { events, commandsMade } = totalsOf(present(viewOf(order), 'the replay'));
      assert.deepEqual([readOf(events), events.mapped, commandsMade], [EVENTS, expected.length, expected.length]);
    }
  },
);
