import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createInMemoryChangelogStore } from '@astrolabe/records/in-memory';
import { consumedRecord } from '@astrolabe/records/testing';
import { createLogger } from '@astrolabe/service-kit';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { createStateProcessor } from './state-processor.ts';
import { countByKey, countCodec, smallAndQuick } from '../testing/counting.ts';
import { recordedSession } from '../testing/recorded-session.ts';

const denied = new PipelineError('kafka.unauthorized', 'User:mapper lacks Write on topic output', { retryable: true });

test('a right that is missing is told without a break until a batch is stored, and logged once', async () => {
  const changelog = createInMemoryChangelogStore();
  const value = Buffer.from('v');
  await changelog.log.send('t', [{ key: Buffer.from('k'), value, headers: {}, partition: 0 }]);
  let refusals = 3;
  changelog.decideFate(() => (refusals-- > 0 ? { refused: denied } : 'written'));
  const told: (string | undefined)[] = [];
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
  const processor = createStateProcessor<number, readonly bigint[]>({
    ...smallAndQuick,
    session: recordedSession(),
    changelog,
    codec: countCodec,
    transform: countByKey('output'),
    onTrouble: (fault) => void told.push(fault?.code),
    logger: createLogger({ name: 'mapper', level: 'info', destination }),
  });
  processor.enqueue([consumedRecord({ offset: 0n, key: Buffer.from('k'), value })], 1n);
  await processor.idle();
  const { code } = denied;
  assert.deepEqual(told.slice(told.indexOf(code)), [code, code, code, undefined]);
  assert.equal(lines.filter(({ level }) => level === 'warn').length, 1, JSON.stringify(lines));
  assert.equal(changelog.log.records('output').length, 1);
  await processor.stop();
});

test('a failure of reading is over once the state is there and nothing is left to be stored', async () => {
  const changelog = createInMemoryChangelogStore();
  changelog.failWith(denied);
  const { promise: over, resolve } = Promise.withResolvers<undefined>();
  const told: (string | undefined)[] = [];
  const processor = createStateProcessor<number, readonly bigint[]>({
    ...smallAndQuick,
    session: recordedSession(),
    changelog,
    codec: countCodec,
    transform: countByKey('output'),
    onTrouble: (fault) => {
      told.push(fault?.code);
      changelog.failWith(undefined);
      if (fault === undefined) resolve(undefined);
    },
  });
  await over;
  assert.deepEqual(told, [denied.code, undefined]);
  await processor.stop();
});
