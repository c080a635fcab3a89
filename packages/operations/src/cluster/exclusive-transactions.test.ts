import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TransactionOutcome } from '@astrolabe/kafka';
import { withExclusiveTransactions } from './exclusive-transactions.ts';

function clusterThat(commit: () => Promise<TransactionOutcome>) {
  const calls: string[] = [];
  return {
    calls,
    openTransactionalProducer: async (transactionalId: string) => {
      calls.push(`open ${transactionalId}`);
      return {
        commit: async () => {
          calls.push('commit');
          return commit();
        },
        close: async () => void calls.push('close'),
      };
    },
  };
}

test('the outcome of what is done with the transactions is passed on, and the producer is closed', async () => {
  const cluster = clusterThat(async () => ({ kind: 'committed' }));
  assert.equal(
    await withExclusiveTransactions(cluster, 'id', async (commit) => {
      await commit([]);
      return 7;
    }),
    7,
  );
  assert.deepEqual(cluster.calls, ['open id', 'commit', 'close']);
});

test('a run that another one has taken over from ends there, and commits nothing any more', async () => {
  const cluster = clusterThat(async () => ({ kind: 'fenced' }));
  const outcome = await withExclusiveTransactions(cluster, 'id', async (commit) => {
    await commit([]).catch(() => undefined);
    await commit([]);
    return 7;
  });
  assert.deepEqual(outcome, { kind: 'taken-over' });
  assert.deepEqual(cluster.calls, ['open id', 'commit', 'close']);
});

test('another failure is passed on, and the producer is closed', async () => {
  const cluster = clusterThat(() => Promise.reject(new Error('brokers are away')));
  await assert.rejects(
    withExclusiveTransactions(cluster, 'id', (commit) => commit([])),
    /brokers are away/,
  );
  assert.deepEqual(cluster.calls, ['open id', 'commit', 'close']);
});
