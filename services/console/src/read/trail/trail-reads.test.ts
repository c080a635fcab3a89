import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeChunk } from '@astrolabe/ledger';
import { toDeadLetter } from '@astrolabe/records';
import { createManualClock } from '@astrolabe/service-kit/clock';
import { showAll, type MaskText } from '../payload/payload.ts';
import { trailShape, type TrailAnswer } from '../shapes/trail.ts';
import { createCountedCluster } from '../testing/counted-cluster.ts';
import { AT_MS, CommandBytes, commandRecord, eventRecord, upsertUser } from '../testing/records.ts';
import { TrailReads, type TrailQuestion } from './trail-reads.ts';

const signal = new AbortController().signal;
const TEXT = '{"type":"identify","userId":"u1","messageId":"m1","traits":{"n":9223372036854775807}}';

async function setUp(mask: MaskText = showAll) {
  const counted = createCountedCluster({ partitions: 1, nowMs: () => AT_MS });
  const clock = createManualClock(AT_MS);
  const bytes = new CommandBytes();
  const { log, topics } = counted.cluster;
  const command = upsertUser('m1', { n: 2n ** 63n - 1n });
  const trail = new TrailReads({
    clusters: counted.clusters,
    decoder: bytes.decoder(),
    dispatcherGroup: 'dispatcher',
    connectors: async () => ['acme'],
    mask,
    troubleOf: (connector) => (connector === 'acme' ? 'its key is refused' : undefined),
    clock,
    timeoutMs: 60_000,
  });
  await log.send(topics.segmentEvents.name, [eventRecord('m1', TEXT)]);
  await log.send(topics.commands.name, [commandRecord(command, bytes)]);
  const ask = async (question: Partial<TrailQuestion> = {}): Promise<TrailAnswer> => {
    const all = { kind: 'message', id: 'm1', connector: undefined, days: 7, ...question } as const;
    const outcome = await trail.trail(all, signal);
    assert.ok(outcome.kind === 'found');
    return trailShape.parse(outcome.found);
  };
  return { ...counted, clock, bytes, log, topics, command, trail, ask };
}

test('a message is followed from its stored text to the call that it became, and to why that waits', async () => {
  const { ask, cluster, topics } = await setUp();
  const [event, command, ...rest] = (await ask()).hops;
  assert.deepEqual(rest, []);
  assert.deepEqual([event?.role, event?.stored], ['event', { kind: 'text', text: TEXT }]);
  assert.equal(command?.stored?.kind, 'bytes');
  assert.match(command.decoded?.kind === 'text' ? command.decoded.text : '', /9223372036854775807/);
  assert.deepEqual([command.request?.method, command.request?.path], ['PUT', '/v1/users/u1']);
  assert.match(JSON.stringify(command.request?.body), /9223372036854775807/);
  assert.equal(command.waits?.kind, 'nothing-committed');
  cluster.commit('dispatcher', topics.commands.name, 0, { nextOffset: 0n });
  const waiting = (await ask()).hops.find(({ role }) => role === 'command')?.waits;
  assert.deepEqual([waiting?.kind, waiting?.nextOffset], ['not-reached', '0']);
  assert.match(waiting?.message ?? '', /the dispatcher is at offset 0 of this partition\. its key is refused$/);
});

test('what became of a command stands beside it and in its place in time, with the times between', async () => {
  const { ask, log, topics, command, bytes } = await setUp();
  const { commandId, connectorId } = command.record;
  const ended = {
    commandId,
    connectorId,
    outcome: 'dead-lettered',
    status: 422,
    offset: 0n,
    atMs: AT_MS + 250,
  } as const;
  await log.send(topics.deliveries.name, [{ key: null, value: encodeChunk([ended]), headers: {}, partition: 0 }]);
  const { key, value, headers } = commandRecord(command, bytes);
  const source = { topic: topics.commands.name, partition: 0, offset: 0n, timestampMs: AT_MS, key, value, headers };
  const cause = {
    code: 'api.rejected',
    message: 'the plan has no such property',
    group: 'dispatcher',
    atMs: AT_MS,
  } as const;
  await log.send(topics.commandsDeadLetters.name, [{ ...toDeadLetter(source, cause), partition: 0 }]);
  const { hops } = await ask({ kind: 'command', id: commandId });
  assert.deepEqual(
    hops.map(({ role, laterMs }) => [role, laterMs]),
    [
      ['event', undefined],
      ['command', 0],
      ['dead letter', 0],
      ['delivery', 250],
    ],
  );
  const [, sent, dead] = hops;
  assert.deepEqual(sent?.ledger, { outcome: 'dead-lettered', status: 422, at: new Date(AT_MS + 250).toISOString() });
  assert.deepEqual([dead?.message, dead?.cause?.whoActs], ['the plan has no such property', 'customer']);
});

test('of a user with many records the newest are shown, and the others are counted', async () => {
  const { ask, log, topics } = await setUp();
  await log.send(
    topics.segmentEvents.name,
    Array.from({ length: 700 }, (_, index) => eventRecord(`x${index}`)),
  );
  const { hops, leftOut } = await ask({ kind: 'user', id: 'u1' });
  assert.deepEqual([hops.length, leftOut], [500, 202]);
});

test('what is masked is shown nowhere: not in the stored text, the decoded command or the call', async () => {
  const { ask } = await setUp((text) => text.replaceAll('9223372036854775807', '"***"'));
  assert.doesNotMatch(JSON.stringify(await ask()), /9223372036854775807/);
});

test('a search that takes too long is given up, and says so', async () => {
  const { trail, clock, clusters } = await setUp();
  clusters.get = () => new Promise(() => undefined);
  const question = { kind: 'message', id: 'm1', connector: undefined, days: 7 } as const;
  const asked = trail.trail(question, signal);
  await clock.advance(60_000);
  assert.deepEqual(await asked, { kind: 'too-long' });
});
