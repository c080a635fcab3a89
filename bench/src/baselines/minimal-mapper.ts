/**
 * The least that turns Segment's events into commands, at least once, as one would write it first: kafkajs as it comes,
 * one batch after another, JSON.parse, avsc, one idempotent send for each batch, then kafkajs's own commit. No checks,
 * no dead letters, no state, no configuration by connector, no ids that survive a repetition elsewhere.
 *
 * Environment: KAFKA_BROKERS, SOURCE_TOPIC, COMMAND_TOPIC, GROUP_ID, SCHEMA_IDS (JSON: ids of the command schemas by
 * kind). Logs `listening` once its group is joined.
 */
import type { CommandKind } from '@astrolabe/schemas';
import { commandTypes } from '@astrolabe/schemas/avro';
import kafkajs, { type IHeaders, type Message } from 'kafkajs';

const { KAFKA_BROKERS = '', SOURCE_TOPIC = '', COMMAND_TOPIC = '', GROUP_ID = '', SCHEMA_IDS = '{}' } = process.env;
const { Kafka, Partitioners, logLevel } = kafkajs;
/** More would not fit into one batch of the broker (`message.max.bytes`). */
const MAX_SEND_RECORDS = 1_000;

interface SegmentEvent {
  readonly type: string;
  readonly messageId: string;
  readonly timestamp: string;
  /** What did not come through our ingest has none. */
  readonly receivedAt?: string;
  readonly userId?: string;
  readonly anonymousId?: string;
  readonly groupId: string;
  readonly event: string;
  readonly traits?: Record<string, unknown>;
  readonly properties?: Record<string, unknown>;
  readonly context: { readonly groupId?: string; readonly traits?: Record<string, unknown> };
}

const schemaIds = JSON.parse(SCHEMA_IDS) as Record<CommandKind, number>;
const framing = Object.fromEntries(
  Object.entries(schemaIds).map(([kind, id]) => {
    const header = Buffer.alloc(5);
    header.writeInt32BE(id, 1);
    return [kind, header];
  }),
) as Record<CommandKind, Buffer>;

const kafka = new Kafka({ brokers: KAFKA_BROKERS.split(','), clientId: 'minimal-mapper', logLevel: logLevel.ERROR });
const producer = kafka.producer({
  idempotent: true,
  maxInFlightRequests: 1,
  createPartitioner: Partitioners.DefaultPartitioner,
});
const consumer = kafka.consumer({ groupId: GROUP_ID });

function toCommands(event: SegmentEvent, connectorId: string, storedAtMs: number, headers: IHeaders): Message[] {
  const { messageId, userId } = event;
  const messages: Message[] = [];
  const add = (kind: CommandKind, subject: string, id: string, fields: object): void => {
    const record = {
      commandId: `${connectorId}:${messageId}:${kind}`,
      connectorId,
      messageId,
      occurredAt: Date.parse(event.timestamp),
      receivedAt: event.receivedAt === undefined ? storedAtMs : Date.parse(event.receivedAt),
      ...fields,
    };
    const key = JSON.stringify([connectorId, subject, id]);
    messages.push({ key, value: Buffer.concat([framing[kind], commandTypes[kind].toBuffer(record)]), headers });
  };
  const associate = (accountId: string | undefined): void => {
    if (userId !== undefined && accountId !== undefined) add('AssociateUser', 'user', userId, { accountId, userId });
  };
  const { traits = {}, properties = {}, context } = event;
  switch (event.type) {
    case 'identify':
      if (userId === undefined) break;
      add('UpsertUser', 'user', userId, { userId, properties: traits });
      associate(context.groupId);
      break;
    case 'group':
      add('UpsertAccount', 'account', event.groupId, { accountId: event.groupId, properties: traits });
      associate(event.groupId);
      break;
    case 'track': {
      const { anonymousId = null } = event;
      add('TrackEvent', userId === undefined ? 'anonymous' : 'user', userId ?? anonymousId ?? '', {
        event: event.event,
        userId: userId ?? null,
        anonymousId,
        properties,
        userProperties: context.traits ?? {},
      });
      associate(context.groupId);
      break;
    }
    case 'delete':
      if (userId !== undefined) add('DeleteUser', 'user', userId, { userId });
  }
  return messages;
}

await producer.connect();
await consumer.connect();
await consumer.subscribe({ topics: [SOURCE_TOPIC], fromBeginning: true });
consumer.on(consumer.events.GROUP_JOIN, () => console.log(JSON.stringify({ msg: 'listening' })));
await consumer.run({
  eachBatch: async ({ batch }) => {
    const commands = batch.messages.flatMap(({ value, timestamp, headers = {} }) => {
      const event = JSON.parse(String(value)) as SegmentEvent;
      return toCommands(event, String(headers['connector-id'] ?? 'bench'), Number(timestamp), headers);
    });
    for (let start = 0; start < commands.length; start += MAX_SEND_RECORDS) {
      const messages = commands.slice(start, start + MAX_SEND_RECORDS);
      await producer.send({ topic: COMMAND_TOPIC, acks: -1, messages });
    }
  },
});

process.once('SIGTERM', () => {
  void Promise.all([consumer.disconnect(), producer.disconnect()]).then(() => process.exit(0));
});
