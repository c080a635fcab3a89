/**
 * The least that calls an API for each command in parallel and in order for each key: kafkajs as it comes, a pool of
 * undici, a lane for each key. No ledger, no retry, no limits by connector, no metrics; offsets are committed before
 * their calls have ended.
 *
 * Environment: KAFKA_BROKERS, COMMAND_TOPIC, GROUP_ID, API_URL. Logs `listening` once its group is joined.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs, { type KafkaMessage } from 'kafkajs';
import { Pool } from 'undici';
import { toCall } from './upsert-user-call.ts';

const { KAFKA_BROKERS = '', COMMAND_TOPIC = '', GROUP_ID = '', API_URL = '' } = process.env;
const { Kafka, logLevel } = kafkajs;
/** As many as a connector of ours has at most. */
const CONNECTIONS = 256;
/** As many as ours has in memory at most, of six partitions. */
const MAX_IN_HAND = 12_000;

const kafka = new Kafka({ brokers: KAFKA_BROKERS.split(','), clientId: 'bare-dispatcher', logLevel: logLevel.ERROR });
const consumer = kafka.consumer({ groupId: GROUP_ID });
const pool = new Pool(API_URL, { connections: CONNECTIONS });
const lanes = new Map<string, KafkaMessage[]>();
let inHand = 0;

async function run(key: string, lane: KafkaMessage[]): Promise<void> {
  for (let message = lane.shift(); message !== undefined; message = lane.shift()) {
    const { body } = await pool.request(toCall(message));
    await body.dump();
    inHand -= 1;
  }
  lanes.delete(key);
}

await consumer.connect();
await consumer.subscribe({ topics: [COMMAND_TOPIC], fromBeginning: true });
consumer.on(consumer.events.GROUP_JOIN, () => console.log(JSON.stringify({ msg: 'listening' })));
await consumer.run({
  eachBatch: async ({ batch }) => {
    for (const message of batch.messages) {
      const key = String(message.key);
      inHand += 1;
      const lane = lanes.get(key);
      if (lane !== undefined) {
        lane.push(message);
        continue;
      }
      const opened = [message];
      lanes.set(key, opened);
      void run(key, opened);
    }
    while (inHand > MAX_IN_HAND) await sleep(1);
  },
});

process.once('SIGTERM', () => {
  void consumer.disconnect().then(() => process.exit(0));
});
