/**
 * What people write first: one command after another, `eachMessage` and `fetch`.
 *
 * Environment: KAFKA_BROKERS, COMMAND_TOPIC, GROUP_ID, API_URL. Logs `listening` once its group is joined.
 */
import kafkajs from 'kafkajs';
import { toCall } from './upsert-user-call.ts';

const { KAFKA_BROKERS = '', COMMAND_TOPIC = '', GROUP_ID = '', API_URL = '' } = process.env;
const { Kafka, logLevel } = kafkajs;

const kafka = new Kafka({ brokers: KAFKA_BROKERS.split(','), clientId: 'each-message', logLevel: logLevel.ERROR });
const consumer = kafka.consumer({ groupId: GROUP_ID });
await consumer.connect();
await consumer.subscribe({ topics: [COMMAND_TOPIC], fromBeginning: true });
consumer.on(consumer.events.GROUP_JOIN, () => console.log(JSON.stringify({ msg: 'listening' })));
await consumer.run({
  eachMessage: async ({ message }) => {
    const { path, ...init } = toCall(message);
    await (await fetch(API_URL + path, init)).arrayBuffer();
  },
});

process.once('SIGTERM', () => {
  void consumer.disconnect().then(() => process.exit(0));
});
