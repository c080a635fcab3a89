/**
 * Records that are small while they are compressed and, read, larger than any dead letter can be: each has its end,
 * counted, and what stands behind it on its partition goes on.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { headerNames, headerText, recordSizeBytes, toHeaders, type OutgoingRecord } from '@astrolabe/records';
import { eventually, sumOf } from '@astrolabe/testkit';
import { produceGzipped } from '../../packages/kafka/src/testing/compression-bomb.ts';
import { startHostilePipeline, type HostilePipeline } from './hostile-pipeline.ts';
import { encodeUpsert } from './record-cases.ts';
import { newKey } from './secrets.ts';

const connector = { id: 'oversized', apiKey: newKey(), freeEmailProviders: 'block' } as const;
const PARTITION = 0;
const LARGE = 3_000_000;
const large = Buffer.alloc(LARGE, 0x61);

let pipeline: HostilePipeline;

before(
  async () => {
    pipeline = await startHostilePipeline([connector]);
  },
  { timeout: 300_000 },
);
after(() => pipeline.close());

const headers = toHeaders({
  [headerNames.connectorId]: connector.id,
  [headerNames.messageId]: 'm',
  [headerNames.receivedAt]: '2026-03-01T10:00:00.000Z',
});

function recordOf(value: Buffer, changes: Partial<OutgoingRecord> = {}): OutgoingRecord {
  const key = Buffer.from(JSON.stringify([connector.id, 'user', 'u']));
  return { key, value, headers, partition: PARTITION, ...changes };
}

function identify(userId: string, traits: object): Buffer {
  return Buffer.from(JSON.stringify({ type: 'identify', messageId: 'm', userId, traits }));
}

interface Case {
  readonly name: string;
  readonly code: string;
  readonly record: OutgoingRecord;
}

async function endAsDeadLetters(
  role: 'segmentEvents' | 'commands',
  cases: readonly Case[],
  behind: OutgoingRecord,
): Promise<void> {
  const { connection, topics } = pipeline;
  const topic = topics[role].name;
  for (const { record } of cases) await produceGzipped(connection, topic, record);
  await pipeline.produce(role, [behind]);
  await eventually(
    () => pipeline.api.calls.all().some(({ path, applied }) => path.endsWith(`/behind-${role}`) && applied > 0),
    { timeoutMs: 40_000, describe: 'what stands behind them to reach the API' },
  );
  await eventually(() => pipeline.isDrained(), { timeoutMs: 40_000, describe: 'all to be committed' });
  await pipeline.assertAlive();

  const deadLetterRole = role === 'commands' ? 'commandsDeadLetters' : 'segmentEventsDeadLetters';
  const deadLetters = await pipeline.read(deadLetterRole);
  assert.deepEqual(
    deadLetters.map((deadLetter) => headerText(deadLetter, headerNames.deadLetterCode)),
    cases.map(({ code }) => code),
  );
  const sources = await pipeline.read(role);
  for (const [index, deadLetter] of deadLetters.entries()) {
    const { name } = cases[index] ?? { name: '' };
    assert.ok(recordSizeBytes(deadLetter) < (topics[deadLetterRole].maxMessageBytes ?? 0), name);
    assert.ok(
      Number(headerText(deadLetter, headerNames.deadLetterCutBytes)) > 1_000_000,
      `${name}: the dead letter does not say that it is cut`,
    );
    const offset = headerText(deadLetter, headerNames.deadLetterOffset);
    const source = sources.find((each) => each.partition === PARTITION && String(each.offset) === offset);
    assert.ok(
      source !== undefined && recordSizeBytes(source) > LARGE,
      `${name}: the source named by the dead letter is whole`,
    );
    assert.deepEqual(
      deadLetter.value,
      source.value?.subarray(0, deadLetter.value?.length),
      `${name} begins as its source`,
    );
  }
}

test('an event larger than a dead letter is a dead letter that is cut, whatever is wrong with it, and the mapper goes on', async () => {
  const withFreeEmail = identify('u'.repeat(LARGE), { email: 'ann@gmail.com' });
  await endAsDeadLetters(
    'segmentEvents',
    [
      { name: 'no JSON', code: 'event.invalid-json', record: recordOf(large) },
      { name: 'a long trait', code: 'kafka.record-too-large', record: recordOf(identify('u', { a: String(large) })) },
      { name: 'a long id of a user to be skipped', code: 'event.invalid', record: recordOf(withFreeEmail) },
      {
        name: 'a long header',
        code: 'event.invalid-json',
        record: recordOf(Buffer.from('{'), { headers: { ...headers, foreign: large } }),
      },
      { name: 'a long key', code: 'event.invalid-json', record: recordOf(Buffer.from('{'), { key: large }) },
    ],
    recordOf(identify('behind-segmentEvents', {})),
  );
  const samples = await pipeline.samples('mapper');
  assert.equal(sumOf(samples, 'mapper_events_total', { outcome: 'dead-lettered' }), 5);
});

test('a command larger than a dead letter is a dead letter that is cut, and the dispatcher goes on', async () => {
  const { encoder } = pipeline;
  const whole = encodeUpsert(encoder, connector.id, 1, undefined, 'u');
  await endAsDeadLetters(
    'commands',
    [
      { name: 'no Avro', code: 'command.undecodable', record: recordOf(large) },
      {
        name: 'a long id',
        code: 'api.rejected',
        record: recordOf(encodeUpsert(encoder, connector.id, 2, undefined, 'u'.repeat(LARGE))),
      },
      {
        name: 'a connector that nobody has',
        code: 'command.connector-unknown',
        record: recordOf(encodeUpsert(encoder, 'x'.repeat(LARGE), 3, undefined, 'u')),
      },
      {
        name: 'a long header',
        code: 'command.undecodable',
        record: recordOf(whole.subarray(0, 3), { headers: { ...headers, foreign: large } }),
      },
    ],
    recordOf(encodeUpsert(encoder, connector.id, 4, undefined, 'behind-commands')),
  );
});
