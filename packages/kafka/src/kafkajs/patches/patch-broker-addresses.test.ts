import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKafkaConnection, clientOf } from '../../connection.ts';
import { silentLogger } from '../../testing/silent-logger.ts';
import { createCluster } from '../protocol/fetch-partition.ts';


test('an IPv6 address in the list of brokers is connected to as such, and each broker in turn', async () => {
  const brokers = ['[2001:db8::1]:9093', 'kafka.example:9092'];
  const client = clientOf(createKafkaConnection({ brokers, clientId: 'c', logger: silentLogger }));
  const { brokerPool } = createCluster(client) as unknown as {
    brokerPool: { connectionPoolBuilder: { build(): Promise<{ host: string; port: number }> } };
  };
  const built = [];
  for (const _ of [...brokers, 'again']) built.push(await brokerPool.connectionPoolBuilder.build());
  assert.deepEqual(
    built.map(({ host, port }) => [host, port]),
    [
      ['2001:db8::1', 9093],
      ['kafka.example', 9092],
      ['2001:db8::1', 9093],
    ],
  );
});
