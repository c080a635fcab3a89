/**
 * Replays over topics as brokers may keep them: batches of every codec, offsets that compaction has removed, markers of
 * transactions, and ranges whose last offsets are such.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKafkaAdmin } from '@astrolabe/kafka';
import {
  CompressionTypes,
  abandonCluster,
  clientOf,
  createCluster,
  fetchPartition,
  setTopicSettings,
  splitRecordSet,
} from '@astrolabe/kafka/testing';
import type { Pipeline } from '@astrolabe/local-pipeline';
import type { ConsumedRecord } from '@astrolabe/records';
import { eventually } from '@astrolabe/testkit';
import { startTestPipeline } from '../e2e/test-pipeline.ts';
import { untilDrained } from '../e2e/until-drained.ts';
import {
  assertBalanced,
  madeBySource,
  MINUTE_MS,
  placesOf,
  recordsOn,
  replay,
  sendEvents,
  sendInTransaction,
  tracks,
} from './replay-runs.ts';

const codecs = {
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
};
const EVENTS = 92;

/** Brokers compress what they are sent by the topic's codec, and remove what is older than another of its key. */
async function configure({ kafka, topics }: Pipeline, config: Readonly<Record<string, string>>): Promise<void> {
  const admin = await createKafkaAdmin(kafka);
  await setTopicSettings(
    admin,
    [topics.segmentEvents, topics.commands].map(({ name }) => name),
    config,
  ).finally(() => admin.close());
}

/** Codecs of the batches that are left, by their numbers. */
async function storedCodecs({ kafka }: Pipeline, topic: string, partition: number): Promise<readonly number[]> {
  const cluster = createCluster(clientOf(kafka));
  const limits = { maxBytes: 8 * 1_048_576, maxWaitMs: 1_000 };
  const answer = await fetchPartition(cluster, { topic, partition }, { offset: 0n, isolation: 'all', ...limits });
  abandonCluster(cluster);
  assert.ok(answer.kind === 'fetched');
  const isControl = (attributes: number): boolean => (attributes & 0x20) !== 0;
  return splitRecordSet(answer.partition.records)
    .map(({ body }) => body.readInt16BE(0))
    .filter((attributes) => !isControl(attributes))
    .map((attributes) => attributes & 0x7);
}

/** Of each partition as much as ends with an offset that has no record, and lies before others that have one. */
function rangesEndingInGaps(left: readonly ConsumedRecord[]) {
  const ends = new Map<number, bigint>();
  for (const [partition, records] of Map.groupBy(left, ({ partition }) => partition)) {
    const offsets = new Set(records.map(({ offset }) => offset));
    const last = records.at(-1)?.offset ?? 0n;
    for (let offset = last - 1n; offset > (records[0]?.offset ?? last); offset -= 1n) {
      // Half of the records are to lie behind it.
      const isBehindHalf = records.filter((record) => record.offset > offset).length >= records.length / 2;
      if (offsets.has(offset) || !isBehindHalf) continue;
      ends.set(partition, offset);
      break;
    }
  }
  const flag = [...ends].map(([partition, end]) => `${partition}:0-${end}`).join(',');
  const within = left.filter(({ partition, offset }) => offset <= (ends.get(partition) ?? -1n));
  return { flag, within, partitions: ends.size };
}

test('replays of events and of commands read every codec, pass gaps and markers, and end where their range ends', async (t) => {
  const pipeline = await startTestPipeline(t, 'replay-ranges', {});
  const { segmentEvents, commands } = pipeline.topics;
  const hasCodec = async (topic: string, codec: number): Promise<boolean> => {
    const admin = await createKafkaAdmin(pipeline.kafka);
    const partitions = (await admin.watermarks(topic)).map(({ partition }) => partition);
    await admin.close();
    const stored = await Promise.all(partitions.map((partition) => storedCodecs(pipeline, topic, partition)));
    return stored.flat().includes(codec);
  };
  let probes = 0;
  /** Brokers acknowledge a configuration a moment before they act by it. */
  const untilCompressedBy = (codec: number) =>
    eventually(
      async () => {
        await sendInTransaction(pipeline, tracks(`Probe ${(probes += 1)}`, 1));
        await untilDrained(pipeline, MINUTE_MS);
        return (await hasCodec(segmentEvents.name, codec)) && (await hasCodec(commands.name, codec));
      },
      { timeoutMs: 2 * MINUTE_MS, describe: `batches of codec ${codec}` },
    );
  const compact = { 'cleanup.policy': 'compact', 'segment.ms': '100', 'min.cleanable.dirty.ratio': '0.01' };
  for (const [codec, number] of Object.entries(codecs)) {
    await configure(pipeline, { ...compact, 'compression.type': codec });
    await untilCompressedBy(number);
    // Every fifth is its user's only one, and stays.
    const events = tracks(codec, EVENTS).map((event, index) =>
      index % 5 === 0 ? { ...event, userId: `once-${codec}-${index}` } : event,
    );
    await sendInTransaction(pipeline, events);
    await untilDrained(pipeline, MINUTE_MS);
  }
  const all = Object.keys(codecs).length * EVENTS + probes + 23;
  // Later records close the files that the ones before are in, and only closed files are compacted.
  await sendEvents(pipeline, tracks('Last', 23));
  await untilDrained(pipeline, MINUTE_MS);
  const leftOf = (topic: string): Promise<ConsumedRecord[]> => recordsOn(pipeline, topic);
  for (const { name } of [segmentEvents, commands]) {
    await eventually(async () => (await leftOf(name)).length < all - 2 * EVENTS, {
      timeoutMs: 2 * MINUTE_MS,
      describe: `compaction of ${name}`,
      intervalMs: 500,
    });
  }
  await configure(pipeline, { 'cleanup.policy': 'delete' });
  for (const { name } of [segmentEvents, commands]) {
    let before = -1;
    // Of the partitions some may be compacted at this moment.
    await eventually(
      async () => {
        const { length } = await leftOf(name);
        const isSame = length === before;
        before = length;
        return isSame;
      },
      { timeoutMs: MINUTE_MS, describe: `the compaction of ${name} to be over`, intervalMs: 1_000 },
    );
  }

  for (const [source, { name }] of [
    ['events', segmentEvents],
    ['commands', commands],
  ] as const) {
    for (const codec of Object.values(codecs)) assert.ok(await hasCodec(name, codec), `codec ${codec} on ${name}`);

    const left = await leftOf(name);
    const ranges = rangesEndingInGaps(left);
    assert.ok(ranges.partitions > 0, 'some range ends where there is no record');
    const forced = ['--force', '--yes'];
    const part = await replay(pipeline, source, '--offsets', ranges.flag, '--id', `part-${source}`, ...forced);
    const whole = await replay(pipeline, source, '--all', '--id', `whole-${source}`, ...forced);
    for (const [report, records] of [
      [part, ranges.within],
      [whole, left],
    ] as const) {
      assertBalanced(report);
      const { phase, read, matched, delivered, pending, unread } = report;
      const expected = { phase: 'finished', read: records.length, matched: records.length, pending: 0, unread: 0 };
      assert.deepEqual({ phase, read, matched, pending, unread }, expected, report.replayId);
      assert.equal(delivered, records.length, report.replayId);
      if (source === 'commands') continue;
      const made = await madeBySource(pipeline, report.replayId);
      assert.deepEqual([...made.keys()].toSorted(), placesOf(records).toSorted());
      assert.equal(Math.max(...made.values()), 1);
    }
    const known = await replay(pipeline, source, '--all', '--id', `known-${source}`, '--execute');
    assertBalanced(known);
    assert.deepEqual([known.read, known.skippedByLedger, known.delivered], [left.length, left.length, 0]);
  }
});
