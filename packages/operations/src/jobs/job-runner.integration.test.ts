import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { createRecordProducer, createKafkaConnection } from '@astrolabe/kafka';
import { partitionFor, toDeadLetter, toHeaders, type ConsumedRecord } from '@astrolabe/records';
import { createLogger, type Environment } from '@astrolabe/service-kit';
import { systemClock } from '@astrolabe/service-kit/clock';
import { eventually, spawnGuarded, type GuardedProcess } from '@astrolabe/testkit';
import { openAuditLog } from '../audit/audit-log.ts';
import { storeBegin } from '../audit/perform-audited.ts';
import type { OpenedCluster } from '../cluster/open-cluster.ts';
import { readSpans, wholeTopic } from '../cluster/spans.ts';
import { planJob } from '../plans/plan-job.ts';
import { openBrokerCluster } from '../testing/broker-cluster.ts';
import { jobDetails } from './core/stored-job.ts';
import type { KnownJob } from './core/job-table.ts';
import { JobFollower } from './job-follower.ts';

const logger = createLogger({ name: 'jobs-test', level: 'silent' });
const { signal } = new AbortController();
const COUNT = 10_000;

async function writeDeadLetters({ topics }: OpenedCluster, env: Environment): Promise<void> {
  const brokers = env['KAFKA_BROKERS']?.split(',') ?? [];
  const connection = createKafkaConnection({ brokers, clientId: 'jobs-test', logger });
  const producer = await createRecordProducer({ connection, logger });
  const deadLetters = Array.from({ length: COUNT }, (_, index) => {
    const key = Buffer.from(`["acme","user","u${index % 97}"]`);
    const value = Buffer.from(`{"type":"track","event":"E","userId":"u${index % 97}","messageId":"m${index}"}`);
    const headers = toHeaders({ 'connector-id': 'acme', 'message-id': `m${index}` });
    const source = { topic: topics.segmentEvents.name, partition: partitionFor(key, 6), offset: BigInt(index) };
    const record: ConsumedRecord = { ...source, timestampMs: 0, key, value, headers };
    return toDeadLetter(record, { code: 'event.unmappable', message: 'why', group: 'mapper', atMs: Date.now() });
  });
  await producer.send(topics.segmentEventsDeadLetters.name, deadLetters);
  await producer.close();
}

async function startProcess(t: TestContext, env: Environment): Promise<GuardedProcess> {
  const running = await spawnGuarded({
    command: process.execPath,
    args: [new URL('../testing/carry-on-jobs.ts', import.meta.url).pathname],
    env: { ...process.env, ...env, QUIET_MS: '1000' },
    output: 'inherit',
    orphanGraceMs: 1_000,
  });
  t.after(async () => {
    running.kill('SIGKILL');
    await running.exited;
  });
  return running;
}

async function idsOn(cluster: OpenedCluster, topic: string): Promise<readonly (string | undefined)[]> {
  const ids: (string | undefined)[] = [];
  await readSpans(cluster, await wholeTopic(cluster, topic), signal, (records) => {
    for (const { headers } of records) ids.push(headers['message-id']?.toString());
  });
  return ids;
}

test('each dead letter of a job is sent once, whenever its process is killed and however many carry it on', async (t) => {
  const { cluster, env } = await openBrokerCluster(t, 'jobs');
  await writeDeadLetters(cluster, env);
  const request = { kind: 'redrive', decision: { all: true }, maxRedrives: 3, recordsPerSecond: 2_000 } as const;
  const outcome = await planJob(cluster, request, { clock: systemClock, signal });
  assert.ok(outcome.kind === 'planned');
  assert.equal(outcome.planned.forecast.wouldBeDecided, COUNT);
  const id = randomUUID();
  const log = await openAuditLog(cluster);
  t.after(() => log.close());
  const caller = { program: 'console', name: 'eva', role: 'replayer', from: '10.0.0.7' } as const;
  const job = jobDetails(outcome.planned.job);
  await storeBegin(log, { id, action: 'redrive', caller, about: 'dead letters: all', job, begunAtMs: Date.now() });

  const stableMarks = async (): Promise<bigint> =>
    (await cluster.reader.offsets(cluster.topics.redrives.name, 0)).lastStableOffset;
  const first = await startProcess(t, env);
  // A mark and a marker for each transaction.
  await eventually(async () => (await stableMarks()) >= 6n, { timeoutMs: 60_000, describe: 'three transactions' });
  first.kill('SIGKILL');
  await first.exited;
  const sentByFirst = (await idsOn(cluster, cluster.topics.segmentEvents.name)).length;
  assert.ok(sentByFirst > 0 && sentByFirst < COUNT, `${sentByFirst} were sent before the process was killed`);

  // Two carry it on by mistake.
  const others = await Promise.all([startProcess(t, env), startProcess(t, env)]);
  const follower = new JobFollower(cluster);
  const end = await eventually(
    async (): Promise<KnownJob['end']> => {
      await follower.refresh(Date.now(), signal);
      return follower.table.get(id)?.end;
    },
    { timeoutMs: 180_000, describe: 'the end of the job' },
  );
  assert.deepEqual([end.result.kind, end.result.counts?.['redriven']], ['done', COUNT]);
  const ids = await idsOn(cluster, cluster.topics.segmentEvents.name);
  assert.deepEqual([ids.length, new Set(ids).size], [COUNT, COUNT]);
  // Before their topics are deleted.
  await Promise.all(others.map((each) => each.stop({ graceMs: 0 })));
});
