import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { test } from 'node:test';
import { PipelineError, type ErrorCode } from '@astrolabe/service-kit/errors';
import { createKafkaConnection } from '../connection.ts';
import type { TopicMetadata } from '../kafkajs/protocol/describe-topics.ts';
import { silentLogger } from '../testing/silent-logger.ts';
import { createTopicInspector } from './topic-inspector.ts';
import { watchTopics } from './topic-watch.ts';

test('a watch closes at once while a broker owes it an answer', async (t) => {
  const sockets: Socket[] = [];
  const broker = createServer((socket) => {
    sockets.push(socket.on('error', () => undefined));
  });
  broker.listen(0, '127.0.0.1');
  await once(broker, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    broker.close();
  });
  const { port } = broker.address() as AddressInfo;
  const brokers = [`127.0.0.1:${port}`];
  const connection = createKafkaConnection({ brokers, clientId: 'c', logger: silentLogger });
  const inspector = createTopicInspector(connection);
  const reasons: unknown[] = [];
  const watch = watchTopics({
    connection,
    needs: [{ name: 't', operations: [] }],
    logger: silentLogger,
    intervalMs: 1,
    inspector: {
      describe: (names) =>
        inspector.describe(names).catch((error: unknown) => {
          reasons.push(error);
          throw error;
        }),
      close: () => inspector.close(),
    },
  });
  await once(broker, 'connection');

  await watch.close();

  assert.deepEqual(
    reasons.map((reason) => (reason as Error).message),
    ['the inspector is closed'],
  );
});

test('a login or a certificate that the brokers refuse is trouble until they take it; brokers that are away are not', async (t) => {
  const connection = createKafkaConnection({ brokers: ['b:1'], clientId: 'c', logger: silentLogger });
  const fault = (code: ErrorCode) => new PipelineError(code, `it is ${code}`, { retryable: true });
  const found: TopicMetadata = { name: 't', errorCode: 0, topicId: undefined, partitions: 1, allowedOperations: undefined };
  const answers = [
    () => Promise.resolve([found]),
    () => Promise.reject(fault('kafka.unavailable')),
    () => Promise.reject(fault('kafka.unauthenticated')),
    () => Promise.reject(fault('kafka.unavailable')),
    () => Promise.reject(fault('kafka.certificate-refused')),
    () => Promise.resolve([found]),
  ];
  const troubles: (string | undefined)[] = [];
  const asked = Promise.withResolvers<void>();
  const watch = watchTopics({
    connection,
    needs: [{ name: 't', operations: [] }],
    logger: silentLogger,
    intervalMs: 1,
    inspector: {
      // What came of the look before is told by now.
      describe: () => {
        troubles.push(watch.trouble());
        const answer = answers.shift();
        if (answer !== undefined) return answer();
        asked.resolve();
        return Promise.resolve([found]);
      },
      close: async () => undefined,
    },
  });
  t.after(() => watch.close());
  await asked.promise;
  const [login, certificate] = ['it is kafka.unauthenticated', 'it is kafka.certificate-refused'];
  assert.deepEqual(troubles.slice(0, 7), [undefined, undefined, undefined, login, login, certificate, undefined]);
});
