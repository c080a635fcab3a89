/**
 * The least that calls an API for many commands at once: kafkajs as it comes, a hundred commands a call, the next call
 * when the last one is answered. No ledger, no retry, no limits, and what the answer says of single commands is not
 * looked at.
 *
 * Environment: KAFKA_BROKERS, COMMAND_TOPIC, GROUP_ID, API_URL. Logs `listening` once its group is joined.
 */
import kafkajs from 'kafkajs';
import { Pool } from 'undici';
import { toBulkCall } from './upsert-user-call.ts';

const { KAFKA_BROKERS = '', COMMAND_TOPIC = '', GROUP_ID = '', API_URL = '' } = process.env;
const { Kafka, logLevel } = kafkajs;
/** As many as ours has in a call at most. */
const COMMANDS_PER_CALL = 100;

const kafka = new Kafka({ brokers: KAFKA_BROKERS.split(','), clientId: 'bare-bulk', logLevel: logLevel.ERROR });
const consumer = kafka.consumer({ groupId: GROUP_ID });
const pool = new Pool(API_URL, { connections: 1 });

await consumer.connect();
await consumer.subscribe({ topics: [COMMAND_TOPIC], fromBeginning: true });
consumer.on(consumer.events.GROUP_JOIN, () => console.log(JSON.stringify({ msg: 'listening' })));
await consumer.run({
  eachBatch: async ({ batch: { messages } }) => {
    for (let start = 0; start < messages.length; start += COMMANDS_PER_CALL) {
      const { body } = await pool.request(toBulkCall(messages.slice(start, start + COMMANDS_PER_CALL)));
      await body.dump();
    }
  },
});

process.once('SIGTERM', () => {
  void consumer.disconnect().then(() => process.exit(0));
});
