import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import { mapperProgressRecord, orderRecord } from '@astrolabe/replay';
import { mapperProgress, replayOrder } from '@astrolabe/replay/testing';
import { PipelineError } from '@astrolabe/service-kit/errors';
import type { Overview } from '../read/shapes/overview.ts';
import { openTestReads } from '../read/testing/open-test-reads.ts';
import { AT_MS, commandRecord, deadEvent, eventRecord, upsertUser } from '../read/testing/records.ts';
import type { ApiAnswer } from '../routes/route.ts';

function bodyOf<Body>(answer: ApiAnswer): Body {
  assert.ok(answer.kind === 'json', JSON.stringify(answer));
  return answer.body as Body;
}

test('who sees payloads is a reader, and everything else is for viewers', async (t) => {
  const { routes } = await openTestReads(t);
  assert.deepEqual(
    routes.filter(({ role }) => role !== 'viewer').map(({ path, role }) => [path, role]),
    [
      ['/live/stream', 'reader'],
      ['/trail/:kind/:id', 'reader'],
      ['/dead-letters/:topic/:partition/:offset', 'reader'],
    ],
  );
  assert.ok(routes.every(({ method, action }) => method === 'GET' && action === undefined));
});

test('every page has an answer in its shape while brokers and services are away, and each part says why', async (t) => {
  const { get, routes, failWith, clock } = await openTestReads(t);
  failWith(new PipelineError('kafka.unavailable', 'no broker answers', { retryable: true }));
  await clock.advance(0);
  for (const { path, answers } of routes) {
    if (answers === 'stream') continue;
    const answer = await get(path, { id: 'acme', kind: 'message', topic: 'events', partition: '0', offset: '0' });
    const isOfOneRecord = path.startsWith('/trail') || path.endsWith(':offset');
    if (isOfOneRecord)
      assert.deepEqual([answer.kind, answer.kind === 'refused' && answer.code], ['refused', 'kafka.unavailable']);
    else assert.ok(answer.kind === 'json', path);
  }
  const overview = bodyOf<Overview>(await get('/overview'));
  assert.match(overview.funnel.kind === 'unavailable' ? overview.funnel.message : '', /connection refused/);
  assert.equal(overview.waiting.kind === 'unavailable' && overview.waiting.code, 'kafka.unavailable');
  assert.equal(overview.instances.kind, 'ready');
});

test('the overview tells what waits, who is halted and what the doctor found', async (t) => {
  const { get, clock, samples, cluster } = await openTestReads(t);
  samples.set('http://dispatcher', {
    'dispatcher_build_info{version="1.0.0"}': 1,
    process_start_time_seconds: AT_MS / 1_000 - 60,
    'dispatcher_halted_connectors{connector="acme"}': 1,
    'dispatcher_circuit_state{connector="acme"}': 2,
    'dispatcher_commands_total{connector="acme",kind="UpsertUser",outcome="delivered",reason=""}': 10,
  });
  await cluster.log.send(cluster.topics.segmentEvents.name, [eventRecord('m1'), eventRecord('m2')]);
  await get('/overview');
  for (let step = 0; step < 6; step += 1) {
    await clock.advance(5_000);
    for (let turns = 0; turns < 50; turns += 1) await turn();
  }
  const { connectors, waiting, findings, deadLetters, instances } = bodyOf<Overview>(await get('/overview'));
  assert.deepEqual(connectors.kind === 'ready' && connectors.value.halted, ['acme']);
  const mapper = waiting.kind === 'ready' ? waiting.value.services[0] : undefined;
  assert.deepEqual([mapper?.service, mapper?.records], ['mapper', 2]);
  assert.ok(findings.kind === 'ready' && findings.value.findings.some(({ fact }) => fact.includes('KAFKA_BROKERS')));
  assert.deepEqual(deadLetters.kind === 'ready' && deadLetters.value, { waiting: 0, isComplete: true });
  assert.equal(instances.kind === 'ready' && instances.value.instances[0]?.version, '1.0.0');
});

test('a connector shows fingerprints and limits and never a key, and one that nobody knows is refused', async (t) => {
  const { get, samples, clock } = await openTestReads(t);
  samples.set('http://dispatcher', {
    'dispatcher_build_info{version="1.0.0"}': 1,
    process_start_time_seconds: 1,
    'dispatcher_waiting_commands{connector="acme"}': 4,
  });
  await clock.advance(5_000);
  const all = JSON.stringify(bodyOf(await get('/connectors')));
  assert.doesNotMatch(all, /key-of-acme/);
  assert.match(all, /"callsPerSecond":7/);
  assert.match(all, /BETA_KEY is not set here/);
  const one = JSON.stringify(bodyOf(await get('/connectors/:id', { id: 'acme' })));
  assert.match(one, /"waiting":4/);
  assert.doesNotMatch(one, /key-of-acme/);
  const unknown = await get('/connectors/:id', { id: 'nobody' });
  assert.ok(unknown.kind === 'refused');
  assert.deepEqual([unknown.status, unknown.code], [404, 'console.connector-unknown']);
});

test('topics, schemas and the doctor show what differs', async (t) => {
  const { get, cluster } = await openTestReads(t);
  cluster.existing.delete(cluster.topics.replays.name);
  const topics = bodyOf<{ topics: { kind: string; value: { topics: { name: string; state: string }[] } } }>(
    await get('/topics'),
  );
  assert.deepEqual(
    topics.topics.value.topics.filter(({ state }) => state !== 'in order').map(({ name, state }) => [name, state]),
    [[cluster.topics.replays.name, 'missing']],
  );
  const schemas = JSON.stringify(bodyOf(await get('/schemas')));
  assert.match(schemas, /"isInOrder":false/);
  assert.match(schemas, /"state":"missing".*"compatibility":"BACKWARD_TRANSITIVE"/);
  assert.match(schemas, /TrackEvent","state":"registered","id":7/);
  assert.match(JSON.stringify(bodyOf(await get('/doctor'))), /"problems":[1-9]/);
});

test('replays are listed, shown one by one, and told again when they change', async (t) => {
  const { get, cluster, reads, clock } = await openTestReads(t);
  const { log, topics } = cluster;
  await log.send(topics.replays.name, [{ ...orderRecord(replayOrder()), partition: 0 }]);
  assert.match(JSON.stringify(bodyOf(await get('/replays'))), /"id":"r1".*"phase":"waiting"/);
  const leaving = new AbortController();
  const changes = reads.replays.changes(leaving.signal);
  await changes.next();
  await log.send(topics.replays.name, [
    { ...mapperProgressRecord('r1', 0, mapperProgress(40n, { mapped: 40 })), partition: 0 },
  ]);
  const changed = changes.next();
  await clock.advance(1_000);
  assert.match(JSON.stringify((await changed).value), /"phase":"running".*"mapped":40/);
  leaving.abort();
  const one = bodyOf<{ replay: { value: { partitions: { nextOffset: string }[] } } }>(
    await get('/replays/:id', { id: 'r1' }),
  );
  assert.equal(one.replay.value.partitions[0]?.nextOffset, '40');
  const unknown = await get('/replays/:id', { id: 'r2' });
  assert.equal(unknown.kind === 'refused' && unknown.code, 'console.replay-unknown');
});

test('a replay that was started since the list was read is found, and one that is not there is looked for once a second', async (t) => {
  const { get, cluster, clock, asked } = await openTestReads(t);
  const { log, topics } = cluster;
  await get('/replays');
  await log.send(topics.replays.name, [{ ...orderRecord(replayOrder()), partition: 0 }]);
  assert.equal((await get('/replays/:id', { id: 'r1' })).kind, 'json');
  const questions = () => asked.get(`offsets ${topics.replays.name}`) ?? 0;
  const before = questions();
  for (let times = 0; times < 5; times += 1) assert.equal((await get('/replays/:id', { id: 'r2' })).kind, 'refused');
  assert.equal(questions(), before);
  await clock.advance(1_000);
  await get('/replays/:id', { id: 'r2' });
  assert.ok(questions() > before);
});

test('what cannot be is refused with what to ask for instead', async (t) => {
  const { get, cluster } = await openTestReads(t);
  await cluster.log.send(cluster.topics.segmentEventsDeadLetters.name, [deadEvent('m1')]);
  const one = '/dead-letters/:topic/:partition/:offset';
  const [invalid, nowhere] = ['console.request-invalid', 'console.dead-letter-unknown'];
  const table = [
    ['/overview', {}, { period: '2h' }, 400, invalid],
    ['/live/stream', {}, { topics: 'events,everything' }, 400, invalid],
    ['/trail/:kind/:id', { kind: 'cookie', id: 'x' }, {}, 404, 'console.not-found'],
    ['/dead-letters', {}, { from: 'yesterday' }, 400, invalid],
    ['/dead-letters/records', {}, { after: 'nonsense' }, 400, invalid],
    [one, { topic: 'events', partition: '0', offset: '7' }, {}, 404, nowhere],
    [one, { topic: 'events', partition: '9', offset: '0' }, {}, 404, nowhere],
    [one, { topic: 'other', partition: '0', offset: '0' }, {}, 404, nowhere],
  ] as const;
  for (const [path, params, query, status, code] of table) {
    const answer = await get(path, params, query);
    assert.ok(answer.kind === 'refused', path);
    assert.deepEqual([answer.status, answer.code], [status, code], path);
  }
  const found = await get(one, { topic: 'events', partition: '0', offset: '0' });
  assert.equal(found.kind, 'json');
});

test('a trail is found over the routes', async (t) => {
  const { get, cluster, bytes } = await openTestReads(t);
  await cluster.log.send(cluster.topics.segmentEvents.name, [eventRecord('m1')]);
  await cluster.log.send(cluster.topics.commands.name, [commandRecord(upsertUser('m1'), bytes)]);
  const { hops } = bodyOf<{ hops: unknown[] }>(await get('/trail/:kind/:id', { kind: 'message', id: 'm1' }));
  assert.equal(hops.length, 2);
});

const ignore = (): void => undefined;

test('live views are bounded in number, and one more is refused', async (t) => {
  const { get, reads } = await openTestReads(t);
  const leaves = Array.from({ length: 200 }, () =>
    reads.live.watch(new Set(), { onItem: ignore, onNotRead: ignore, onState: ignore }),
  );
  const refused = await get('/live/stream');
  assert.deepEqual([refused.kind, refused.kind === 'refused' && refused.code], ['refused', 'console.busy']);
  leaves[0]?.();
  assert.equal((await get('/live/stream')).kind, 'stream');
});

test('a search that takes too long is refused with what to ask for instead', async (t) => {
  const never = { get: () => new Promise<never>(() => undefined), close: async () => undefined };
  const { get, clock } = await openTestReads(t, { clusters: never });
  const asked = get('/trail/:kind/:id', { kind: 'user', id: 'u1' });
  await clock.advance(60_000);
  const answer = await asked;
  assert.ok(answer.kind === 'refused');
  assert.deepEqual([answer.status, answer.code], [503, 'console.search-too-long']);
  assert.match(answer.message, /fewer days, or one connector/);
});

test('fifty tabs on every page ask the brokers no more than one tab does', async (t) => {
  const countFor = async (tabs: number): Promise<ReadonlyMap<string, number>> => {
    const { get, clock, asked, cluster, routes } = await openTestReads(t);
    await cluster.log.send(cluster.topics.segmentEventsDeadLetters.name, [deadEvent('m1')]);
    const leaving = new AbortController();
    const streams = routes.filter(({ answers }) => answers === 'stream');
    const open: Promise<unknown>[] = [];
    for (let tab = 0; tab < tabs; tab += 1) {
      for (const { path } of streams) {
        const answer = await get(path, {}, {}, leaving.signal);
        assert.ok(answer.kind === 'stream');
        const { events } = answer;
        open.push(
          (async () => {
            for await (const _event of events) await turn();
          })(),
        );
      }
    }
    for (let step = 0; step < 12; step += 1) {
      for (const path of [
        '/overview',
        '/lag',
        '/lag/history',
        '/dead-letters',
        '/dead-letters/records',
        '/connectors',
      ]) {
        await Promise.all(Array.from({ length: tabs }, () => get(path)));
      }
      for (const path of ['/topics', '/schemas', '/doctor', '/replays']) {
        await Promise.all(Array.from({ length: tabs }, () => get(path)));
      }
      await clock.advance(1_000);
      for (let turns = 0; turns < 30; turns += 1) await turn();
    }
    leaving.abort();
    await Promise.all(open);
    return new Map(asked);
  };
  const one = await countFor(1);
  const fifty = await countFor(50);
  assert.ok((one.get('planTopics') ?? 0) >= 1 && (one.get('read segment.events.v1') ?? 0) >= 1);
  for (const [question, count] of fifty) {
    const ofOne = one.get(question) ?? 0;
    assert.ok(count <= ofOne + 1, `${question}: ${count} with fifty tabs, ${ofOne} with one`);
  }
});
