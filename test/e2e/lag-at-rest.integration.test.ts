/**
 * What an operator's tools show of a pipeline with nothing to do: no lag, though each transaction leaves a marker
 * behind its records. And what the services show of themselves.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKafkaAdmin } from '@astrolabe/kafka';
import { eventually } from '@astrolabe/testkit';
import { sendUntilStored } from './send-until-stored.ts';
import { startTestPipeline } from './test-pipeline.ts';
import { generateTraffic } from './traffic.ts';
import { untilDrained } from './until-drained.ts';

const EVENTS = 60;

test('at rest the committed offsets of mapper and dispatcher are at the end of their topics', async (t) => {
  const pipeline = await startTestPipeline(t, 'at-rest', {});
  const { addresses, kafka, groups, topics } = pipeline;
  const events = generateTraffic({ seed: 26, count: EVENTS, users: 20, accounts: 3 });
  await sendUntilStored(addresses.ingest, addresses.apiKey, events);
  await untilDrained(pipeline, 60_000);

  const admin = await createKafkaAdmin(kafka);
  t.after(() => admin.close());
  for (const [groupId, topic] of [
    [groups.mapper, topics.segmentEvents.name],
    [groups.dispatcher, topics.commands.name],
  ] as const) {
    // As kafka-consumer-groups and lag exporters reckon it: the end less the commit.
    const lags = async () => {
      const commits = await admin.commits(groupId, topic);
      const ends = await admin.watermarks(topic);
      return ends.map(({ partition, highWatermark }) => highWatermark - (commits.get(partition)?.nextOffset ?? 0n));
    };
    // What is finished is committed within a tenth of a second, and a marker follows its records.
    await eventually(async () => (await lags()).every((lag) => lag === 0n), {
      timeoutMs: 30_000,
      describe: `${groupId} to have committed all of ${topic}`,
    });
    const ends = await admin.watermarks(topic);
    assert.ok(
      ends.some(({ highWatermark }) => highWatermark > 0n),
      'nothing was there to commit',
    );
  }

  for (const service of ['mapper', 'dispatcher'] as const) {
    const atRest = await eventually(
      async () => {
        const shown = await scrape(addresses.metrics[service]);
        const lags = [...shown].filter(([series]) => series.startsWith(`${service}_lag_`));
        const isAtRest = lags.length === 2 * topics.commands.partitions && lags.every(([, value]) => value === 0);
        return isAtRest ? shown : undefined;
      },
      { timeoutMs: 30_000, describe: `the ${service} to show that it lags on no partition` },
    );
    assert.equal(atRest.get(`${service}_assigned_partitions`), topics.commands.partitions);
    assert.equal(atRest.get(`${service}_topic_partitions`), topics.commands.partitions);
    assert.ok((atRest.get(`${service}_rebalances_total`) ?? 0) >= 1);
  }
  const dispatcher = await scrape(addresses.metrics.dispatcher);
  const ofAllPartitions = (metric: string): number =>
    [...dispatcher].reduce((sum, [series, value]) => (series.startsWith(`${metric}{`) ? sum + value : sum), 0);
  const delivered = [...dispatcher]
    .filter(([series]) => series.startsWith('dispatcher_commands_total{'))
    .reduce((sum, [, value]) => sum + value, 0);
  assert.ok(delivered > 0);
  assert.equal(ofAllPartitions('dispatcher_ledger_entries'), delivered, 'the ledger has what is still in hand');
  assert.ok(ofAllPartitions('dispatcher_ledger_bytes') > 0);
  assert.ok((dispatcher.get('dispatcher_ledger_disk_free_bytes') ?? 0) > 0);
  assert.equal(dispatcher.get('dispatcher_ledger_restore_seconds_count'), topics.commands.partitions);
});

/** By series, as the text has it. */
async function scrape(url: string): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(url)).text();
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    samples.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}
