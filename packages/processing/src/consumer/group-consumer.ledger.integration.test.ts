import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createKafkaAdmin, createRecordProducer } from '@astrolabe/kafka';
import { connect, createTopic, silentLogger } from '@astrolabe/kafka/testing';
import type { ConsumedRecord } from '@astrolabe/records';
import { startGroupConsumer } from './group-consumer.ts';
import type { GroupConsumer } from './group-consumer-options.ts';
import type { PartitionSession } from './partition-processor.ts';
import { createPromisedProcessor } from '../testing/promised-handler.ts';

const PARTITIONS = 6;
const RECORDS = 20_000;
const KEYS = 700;
/** Members come and go for about as long as this. */
const PRODUCE_FOR_MS = 9_000;

/** What was finished, by whom, in which order: every breach of the guarantees, as it happens. */
class WorkLedger {
  readonly breaches: string[] = [];
  readonly #finished = new Map<number, Set<bigint>>();
  /** Number of the last record of a key that finished. */
  readonly #lastOfKey = new Map<string, number>();
  repeated = 0;

  begin({ key, value }: ConsumedRecord): void {
    const number = Number(value);
    const last = this.#lastOfKey.get(String(key)) ?? -1;
    if (number > last + 1) this.breaches.push(`${key} ${number} began, but ${last + 1} has not finished`);
  }

  finish({ key, value, partition, offset }: ConsumedRecord): void {
    const finished = this.#finishedOf(partition);
    if (finished.has(offset)) this.repeated += 1;
    finished.add(offset);
    this.#lastOfKey.set(String(key), Math.max(Number(value), this.#lastOfKey.get(String(key)) ?? -1));
  }

  /** Everything below the offset has finished. */
  checkFinishedBelow(partition: number, nextOffset: bigint, what: string): void {
    const finished = this.#finishedOf(partition);
    for (let offset = nextOffset - 1n; offset >= 0n; offset -= 1n) {
      if (finished.has(offset)) continue;
      this.breaches.push(`${what} ${nextOffset} of partition ${partition}, but ${offset} has not finished`);
      return;
    }
  }

  get finishedCount(): number {
    return [...this.#finished.values()].reduce((sum, offsets) => sum + offsets.size, 0);
  }

  #finishedOf(partition: number): Set<bigint> {
    const existing = this.#finished.get(partition);
    if (existing !== undefined) return existing;
    const created = new Set<bigint>();
    this.#finished.set(partition, created);
    return created;
  }
}

async function work(record: ConsumedRecord, signal: AbortSignal, ledger: WorkLedger): Promise<void> {
  ledger.begin(record);
  await sleep(Math.random() * 20, undefined, { signal });
  ledger.finish(record);
}

test(`while members join and leave, ${RECORDS} records go through lanes: none lost, each key in order, no commit beyond unfinished work`, async (t) => {
  const topic = await createTopic(t, { partitions: PARTITIONS });
  const groupId = randomUUID();
  const ledger = new WorkLedger();
  const faults: unknown[] = [];
  let sessions = 0;

  const join = async (): Promise<GroupConsumer> => {
    const consumer = await startGroupConsumer({
      connection: connect(),
      groupId,
      topic,
      logger: silentLogger,
      onFault: (fault) => faults.push(fault),
      commitIntervalMs: 20,
      sessionTimeoutMs: 6_000,
      createProcessor: (session) => {
        sessions += 1;
        const watched: PartitionSession = {
          topic: session.topic,
          partition: session.partition,
          topicId: session.topicId,
          epoch: session.epoch,
          signal: session.signal,
          storeOffset: (nextOffset) => {
            ledger.checkFinishedBelow(session.partition, nextOffset, 'declared');
            session.storeOffset(nextOffset);
          },
          pause: () => session.pause(),
          resume: () => session.resume(),
          fail: (fault) => session.fail(fault),
        };
        return createPromisedProcessor({
          session: watched,
          laneOf: ({ key }) => String(key),
          handle: (record, signal) => work(record, signal, ledger),
          maxRecords: 300,
          maxBytes: 10_000_000,
        });
      },
    });
    t.after(() => consumer.close(0));
    return consumer;
  };

  const admin = await createKafkaAdmin(connect());
  t.after(() => admin.close());
  const checkCommits = async (): Promise<bigint> => {
    let sum = 0n;
    for (const [partition, { nextOffset }] of await admin.commits(groupId, topic)) {
      ledger.checkFinishedBelow(partition, nextOffset, 'committed');
      sum += nextOffset;
    }
    return sum;
  };

  const producing = produce(topic);
  const churn = async (): Promise<GroupConsumer> => {
    let current = await join();
    for (let round = 0; round < 3; round += 1) {
      const next = await join();
      await checkCommits();
      // One leaves in the middle of its work, with and without time to finish it.
      await current.close(round === 1 ? 0 : 5_000);
      await checkCommits();
      current = next;
    }
    return current;
  };
  const last = await churn();
  await producing;

  const deadlineAtMs = Date.now() + 120_000;
  while ((await checkCommits()) < BigInt(RECORDS) && Date.now() < deadlineAtMs) await sleep(100);
  assert.equal(ledger.finishedCount, RECORDS);
  assert.deepEqual(ledger.breaches.slice(0, 10), []);
  assert.deepEqual(faults, []);
  assert.equal(await checkCommits(), BigInt(RECORDS));
  await last.close(5_000);
  await admin.deleteGroups([groupId]);
  assert.ok(sessions > 2 * PARTITIONS, 'partitions moved');
  t.diagnostic(`${sessions} sessions, ${ledger.repeated} records repeated`);
});

async function produce(topic: string): Promise<void> {
  const producer = await createRecordProducer({ connection: connect(), logger: silentLogger });
  const numberOfKey = new Map<string, number>();
  const startedAtMs = Date.now();
  for (let sent = 0; sent < RECORDS;) {
    const due = Math.min(RECORDS, Math.ceil(((Date.now() - startedAtMs + 50) / PRODUCE_FOR_MS) * RECORDS));
    const records = Array.from({ length: due - sent }, () => {
      const key = `key-${Math.floor(Math.random() * KEYS)}`;
      const number = numberOfKey.get(key) ?? 0;
      numberOfKey.set(key, number + 1);
      return { key: Buffer.from(key), value: Buffer.from(String(number)), headers: {} };
    });
    await producer.send(topic, records);
    sent = due;
    await sleep(50);
  }
  await producer.close();
}
