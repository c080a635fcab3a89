import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@astrolabe/service-kit/clock';
import { PipelineError, isPipelineError } from '@astrolabe/service-kit/errors';
import { auditContract } from '../testing/audit-contract.ts';
import { createInMemoryCluster } from '../testing/in-memory-cluster.ts';
import { openAuditLog } from './audit-log.ts';
import { performAudited } from './perform-audited.ts';

auditContract(async () => {
  const cluster = createInMemoryCluster({ nowMs: systemClock.nowMs });
  return { cluster, removeAuditTopic: async () => void cluster.existing.delete(cluster.topics.audit.name) };
});

const unavailable = new PipelineError('kafka.unavailable', 'no broker answers', { retryable: true });
const action = {
  action: 'redrive',
  caller: { program: 'cli', name: 'eva', from: 'eva@host' },
  about: 'dead letters',
} as const;

test('an action whose begin cannot be stored is not done', async () => {
  const cluster = createInMemoryCluster();
  const log = await openAuditLog(cluster);
  cluster.log.failWith(unavailable);
  const tools = { log, clock: systemClock, newId: () => 'a1', onEndLost: () => assert.fail() };
  const perform = async (): Promise<void> => assert.fail('it was done');
  await assert.rejects(
    performAudited(tools, action, perform, () => ({ kind: 'done' })),
    (error: Error) => {
      assert.ok(isPipelineError(error, 'audit.not-recorded'));
      assert.equal(error.message, 'Nothing was done, because it could not be recorded first: no broker answers');
      return true;
    },
  );
});

test('an action whose end cannot be stored is done, and its caller is told', async () => {
  const cluster = createInMemoryCluster();
  const log = await openAuditLog(cluster);
  const lost: unknown[] = [];
  const tools = { log, clock: systemClock, newId: () => 'a1', onEndLost: (error: unknown) => void lost.push(error) };
  const perform = async (): Promise<number> => {
    cluster.log.failWith(unavailable);
    return 7;
  };
  assert.equal(await performAudited(tools, action, perform, () => ({ kind: 'done' })), 7);
  assert.match(String(lost), /no broker answers/);
});
