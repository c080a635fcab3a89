import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, createTopic, readAll } from '../testing/broker.ts';
import { openTransactionalProducer } from './transactional-producer.ts';

const record = (value: string, partition = 0) => ({ key: null, value: Buffer.from(value), headers: {}, partition });
const valuesOn = async (topic: string) => (await readAll(topic)).map(({ value }) => `${value}`);

test('records of several topics are stored together, and a transaction follows on another at once', async (t) => {
  const [a, b] = [await createTopic(t, { partitions: 2 }), await createTopic(t)];
  const producer = await openTransactionalProducer({ connection: connect(), transactionalId: randomUUID() });
  t.after(() => producer.close());
  for (let index = 0; index < 5; index += 1) {
    const outcome = await producer.commit([
      { topic: a, records: [record(`a${index}`, index % 2)] },
      { topic: b, records: [record(`b${index}`), record('x'.repeat(600_000)), record('y'.repeat(600_000))] },
    ]);
    assert.equal(outcome.kind, 'committed');
  }
  assert.deepEqual((await valuesOn(a)).toSorted(), ['a0', 'a1', 'a2', 'a3', 'a4']);
  assert.equal((await valuesOn(b)).length, 15);
});

test('of a transaction that fails nothing is stored on any topic', async (t) => {
  const [a, b] = [await createTopic(t), await createTopic(t)];
  const producer = await openTransactionalProducer({ connection: connect(), transactionalId: randomUUID() });
  t.after(() => producer.close());
  const parts = [
    { topic: a, records: [record('a')] },
    { topic: b, records: [record('x'.repeat(1_200_000))] },
  ];
  await assert.rejects(producer.commit(parts), { code: 'kafka.record-too-large' });
  assert.deepEqual(await valuesOn(a), []);
});

test('a producer that takes over the id fences its predecessor, which can store nothing more', async (t) => {
  const topic = await createTopic(t);
  const transactionalId = randomUUID();
  const first = await openTransactionalProducer({ connection: connect(), transactionalId });
  t.after(() => first.close());
  assert.equal((await first.commit([{ topic, records: [record('first')] }])).kind, 'committed');
  const second = await openTransactionalProducer({ connection: connect(), transactionalId });
  t.after(() => second.close());
  assert.equal((await first.commit([{ topic, records: [record('late')] }])).kind, 'fenced');
  assert.equal((await second.commit([{ topic, records: [record('second')] }])).kind, 'committed');
  assert.deepEqual(await valuesOn(topic), ['first', 'second']);
});

test('a takeover is told as one at whatever moment of a transaction it comes', async (t) => {
  const [marks, records] = [await createTopic(t), await createTopic(t)];
  for (let round = 0; round < 60; round += 1) {
    const transactionalId = randomUUID();
    const first = await openTransactionalProducer({ connection: connect(), transactionalId });
    t.after(() => first.close());
    const parts = [
      { topic: marks, records: [record('mark')] },
      { topic: records, records: [record('record')] },
    ];
    const position = { groupId: transactionalId, topic: records, nextOffsets: new Map([[0, 1n]]) };
    const untilFenced = async (): Promise<void> => {
      while ((await first.commit(parts, position)).kind === 'committed');
    };
    const [second] = await Promise.all([
      // The moments differ from run to run, and so many are tried.
      sleep(round / 4).then(() => openTransactionalProducer({ connection: connect(), transactionalId })),
      untilFenced(),
    ]);
    t.after(() => second.close());
    assert.equal((await second.commit(parts, position)).kind, 'committed');
  }
  const count = async (topic: string): Promise<number> => (await valuesOn(topic)).length;
  assert.equal(await count(marks), await count(records));
});
