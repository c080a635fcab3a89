/**
 * The least that takes Segment's calls and puts them on Kafka, as one would write it first: `node:http`, JSON.parse,
 * kafkajs as it comes, one send for each request, 200 after the acknowledgement. No authentication, no verdicts, no
 * bounds, no idempotence.
 *
 * Environment: KAFKA_BROKERS, TOPIC. Logs `listening` with its URL, as the services do.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import kafkajs from 'kafkajs';

const { KAFKA_BROKERS = '', TOPIC = '' } = process.env;
const { Kafka, Partitioners, logLevel } = kafkajs;

interface SegmentEvent {
  readonly userId: string;
}

const kafka = new Kafka({ brokers: KAFKA_BROKERS.split(','), clientId: 'minimal-ingest', logLevel: logLevel.WARN });
const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
await producer.connect();

const server = createServer((request, response) => {
  take(request).then(
    () => response.setHeader('content-type', 'application/json').end('{"success":true}'),
    (error: unknown) => {
      response.statusCode = 500;
      response.end(String(error));
    },
  );
});

async function take(request: IncomingMessage): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = JSON.parse(Buffer.concat(chunks).toString()) as SegmentEvent | { readonly batch: SegmentEvent[] };
  const events = 'batch' in body ? body.batch : [body];
  await producer.send({
    topic: TOPIC,
    acks: -1,
    messages: events.map((event) => ({ key: event.userId, value: JSON.stringify(event) })),
  });
}

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  console.log(JSON.stringify({ msg: 'listening', url: `http://127.0.0.1:${port}` }));
});

process.once('SIGTERM', () => {
  server.close(() => void producer.disconnect().then(() => process.exit(0)));
  server.closeIdleConnections();
});
