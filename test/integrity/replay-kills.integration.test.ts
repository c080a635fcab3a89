/**
 * kill -9 of both services and of brokers, alone and together, in the middle of a replay of 100 thousand events, on a
 * cluster of its own. Whom it hits next is decided by how far the replay is.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKafkaAdmin, createRecordProducer } from '@astrolabe/kafka';
import { headerNames, toHeaders } from '@astrolabe/records';
import { createLogger } from '@astrolabe/service-kit';
import { eventually, scaledTimeoutMs, startLocalCluster } from '@astrolabe/testkit';
import { startEffectsApi } from './effects-api.ts';
import { isDrained } from './mapper-on-broker.ts';
import {
  CONNECTOR,
  prepareReplayCluster,
  untilInSync,
  watchReplay,
  type Closings,
  type ReplayCluster,
} from './replay-cluster.ts';
import { assertBalanced, madeBySource, placesOf, recordsOn, replay, type ReplayStatus } from './replay-runs.ts';

const EVENTS = 100_000;
/** Delivered before the replay, which so finds them in the ledger. */
const KNOWN = 2_000;
const USERS = 500;
/** Until all were killed: else a fast machine would be through before. */
const RECORDS_PER_SECOND = 800;
const LIVE_AT_ONCE = 60;
/** So many commands end without a broker before it is started again. */
const WITHOUT_BROKER = 1_000;

type Victim = 'mapper' | 'dispatcher' | 0 | 1 | 2;

/** By how many commands of the replay have ended, who is killed then: a service, or the broker at that place. */
const kills: readonly { readonly ended: number; readonly victims: readonly Victim[] }[] = [
  { ended: 3_000, victims: ['mapper'] },
  { ended: 4_500, victims: ['dispatcher'] },
  { ended: 6_000, victims: [0] },
  { ended: 8_000, victims: ['mapper', 'dispatcher'] },
  { ended: 10_000, victims: [1, 'mapper'] },
  { ended: 12_000, victims: [2, 'dispatcher'] },
];
/** After that, at full speed, both services once more. */
const AT_FULL_SPEED = 10_000;

/** A lost broker is noticed within seconds rather than half a minute. */
const BROKER_PROPERTIES = {
  'replica.lag.time.max.ms': '6000',
  'broker.session.timeout.ms': '6000',
  'broker.heartbeat.interval.ms': '1000',
};
const OUTAGE_MS = 60_000;
const silent = createLogger({ name: 'replay-kills', level: 'silent' });

function eventsOf(from: number, count: number) {
  return Array.from({ length: count }, (_, at) => {
    const number = from + at;
    const userId = `user-${number % USERS}`;
    const event = { type: 'identify', userId, messageId: `m-${number}`, traits: { number } };
    return {
      key: Buffer.from(JSON.stringify([CONNECTOR.id, 'user', userId])),
      value: Buffer.from(JSON.stringify(event)),
      headers: toHeaders({
        [headerNames.connectorId]: CONNECTOR.id,
        [headerNames.messageId]: event.messageId,
        [headerNames.receivedAt]: new Date().toISOString(),
      }),
    };
  });
}

/** Stores events one batch after the other, whatever becomes of brokers meanwhile. */
async function openSender({ kafka, topics }: ReplayCluster) {
  const deliveryTimeoutMs = scaledTimeoutMs(OUTAGE_MS);
  const producer = await createRecordProducer({ connection: kafka, logger: silent, deliveryTimeoutMs });
  let sent = 0;
  let sending = Promise.resolve();
  return {
    get sent() {
      return sent;
    },
    send: (count: number): Promise<void> => {
      const from = sent;
      sent += count;
      sending = sending.then(async () => {
        for (let at = from; at < from + count; at += 2_000) {
          await producer.send(topics.segmentEvents.name, eventsOf(at, Math.min(2_000, from + count - at)));
        }
      });
      return sending;
    },
    close: () => producer.close(),
  };
}

/** All events are mapped, but no more than the first of them delivered: the dispatcher passes the rest by. */
async function fill(cluster: ReplayCluster, send: (count: number) => Promise<void>): Promise<void> {
  const { kafka, topics, groups, mapper, dispatcher } = cluster;
  const drained = (group: string, topic: string) =>
    eventually(() => isDrained(kafka, group, topic), { timeoutMs: 120_000, describe: `${group} to have done all` });
  await Promise.all([mapper.start(), dispatcher.start()]);
  await send(KNOWN);
  await drained(groups.mapper, topics.segmentEvents.name);
  await drained(groups.dispatcher, topics.commands.name);
  await dispatcher.stop();
  await send(EVENTS - KNOWN);
  await drained(groups.mapper, topics.segmentEvents.name);
  const admin = await createKafkaAdmin(kafka);
  const ends = await admin.watermarks(topics.commands.name);
  const offsets = new Map(ends.map(({ partition, highWatermark }) => [partition, highWatermark]));
  await eventually(async () => admin.setOffsets(groups.dispatcher, topics.commands.name, offsets).then(() => true), {
    timeoutMs: 60_000,
    describe: 'the group of dispatchers to be empty',
    intervalMs: 500,
  });
  await admin.close();
  await dispatcher.start();
}

test('a replay of 100 thousand events, in the middle of which both services and brokers are killed, makes and delivers each command once, and live events beside it too', async (t) => {
  const api = await startEffectsApi(t, (number) => (number < EVENTS ? 'replayed' : 'live'));
  const jvms = await startLocalCluster({ env: process.env, brokers: 3, clients: [], properties: BROKER_PROPERTIES });
  const closings: Closings = [() => jvms.stop()];
  t.after(async () => {
    for (const close of closings.toReversed()) await close().catch((error: unknown) => t.diagnostic(String(error)));
  });
  const cluster = await prepareReplayCluster(jvms, api.url, closings);
  const { kafka, topics, groups, mapper, dispatcher } = cluster;
  const sender = await openSender(cluster);
  closings.push(() => sender.close());
  await fill(cluster, (count) => sender.send(count));
  assert.equal(api.effects.size, KNOWN);

  const rate = ['--rate', String(RECORDS_PER_SECOND)];
  await replay(cluster, 'events', '--all', '--id', 'killed', '--execute', '--detach', ...rate);
  const watched = watchReplay(cluster, 'killed', closings);
  const services = { mapper, dispatcher };
  const killAt = async (ended: number, victims: readonly Victim[]): Promise<void> => {
    await watched.untilEnded(ended);
    await untilInSync(cluster);
    const { offsets, pending } = watched.left;
    t.diagnostic(`${watched.ended} ended, ${offsets} unread, ${pending} pending: kill -9 of ${victims.join(', ')}`);
    assert.ok(offsets + pending > 0, 'the replay is under way');
    void sender.send(LIVE_AT_ONCE);
    const names = victims.filter((each) => typeof each === 'string');
    const places = victims.filter((each) => typeof each === 'number');
    const brokers = places.map((place) => jvms.brokers[place]?.control ?? assert.fail());
    await Promise.all([...names.map((name) => services[name].kill()), ...brokers.map((broker) => broker.kill())]);
    void sender.send(LIVE_AT_ONCE);
    await Promise.all(names.map((name) => services[name].start()));
    if (brokers.length > 0) await watched.untilEnded(watched.ended + WITHOUT_BROKER);
    await Promise.all(brokers.map((broker) => broker.start()));
    await sender.send(LIVE_AT_ONCE);
  };
  for (const { ended, victims } of kills) await killAt(ended, victims);
  await replay(cluster, 'resume', 'killed', '--rate', 'none');
  await killAt(watched.ended + AT_FULL_SPEED, ['mapper', 'dispatcher']);
  await watched.untilEnded(EVENTS);
  await eventually(() => isDrained(kafka, groups.mapper, topics.segmentEvents.name), {
    timeoutMs: 60_000,
    describe: 'the live events to be mapped',
  });
  await eventually(() => isDrained(kafka, groups.dispatcher, topics.commands.name), {
    timeoutMs: 60_000,
    describe: 'their commands to be delivered',
  });

  const { report } = await replay<ReplayStatus>(cluster, 'status', 'killed');
  assertBalanced(report);
  const { phase, read, matched, events, commands, skippedByLedger, pending, unread } = report;
  assert.deepEqual(
    { phase, read, matched, commands },
    { phase: 'finished', read: EVENTS, matched: EVENTS, commands: EVENTS },
  );
  assert.deepEqual(events, { mapped: EVENTS, skipped: 0, deadLettered: 0 });
  assert.deepEqual({ skippedByLedger, pending, unread }, { skippedByLedger: KNOWN, pending: 0, unread: 0 });
  assert.equal(report.delivered + report.duplicate, EVENTS - KNOWN, JSON.stringify(report));

  assert.equal(api.effects.size, sender.sent, 'each event has had an effect');
  assert.deepEqual([...new Set(api.effects.values())], [1], 'and no second one');
  assert.deepEqual(api.overtaken, []);
  t.diagnostic(`${api.calls - sender.sent} commands were called for again`);

  const stored = await recordsOn(cluster, topics.segmentEvents.name);
  assert.equal(stored.length, sender.sent, 'nothing was appended to the events');
  assert.equal((await recordsOn(cluster, topics.commands.name)).length, sender.sent);
  const made = await madeBySource(cluster, 'killed');
  const replayed = stored.filter(({ value }) => numberIn(value) < EVENTS);
  assert.deepEqual([...made.keys()].toSorted(), placesOf(replayed).toSorted());
  assert.equal(Math.max(...made.values()), 1);
  for (const topic of [topics.segmentEventsDeadLetters, topics.commandsDeadLetters]) {
    assert.deepEqual(await recordsOn(cluster, topic.name), []);
  }
});

function numberIn(value: Buffer | null): number {
  return (JSON.parse(String(value)) as { readonly traits: { readonly number: number } }).traits.number;
}
