/**
 * A consumer as somebody else runs one, in a process of its own: kafkajs without our patches, a group, one message at a
 * time. Environment: KAFKA_BROKERS, TOPIC, GROUP_ID. Prints the message id of each record that it is given.
 */
import { Kafka, logLevel } from 'kafkajs';

const { KAFKA_BROKERS = '', TOPIC = '', GROUP_ID = '' } = process.env;
const consumer = new Kafka({ brokers: KAFKA_BROKERS.split(','), logLevel: logLevel.ERROR }).consumer({
  groupId: GROUP_ID,
});
const print = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
process.once('SIGTERM', () => {
  void consumer.disconnect().then(() => process.exit(0));
});
await consumer.connect();
await consumer.subscribe({ topics: [TOPIC], fromBeginning: true });
consumer.on(consumer.events.GROUP_JOIN, () => print({ msg: 'listening' }));
await consumer.run({
  eachMessage: async ({ message }) => {
    print({ messageId: String(message.headers?.['message-id']) });
  },
});
