import { headerNames, recordSizeBytes, type OutgoingRecord, type RecordProducer } from '@astrolabe/records';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import { cutDeadLetter } from '../core/record/cut-dead-letter.ts';
import type { EventSink } from '../event-sink.ts';

export interface KafkaEventSinkOptions {
  readonly events: string;
  readonly deadLetters: string;
  /** Called for each record that a topic's brokers refused for its size even when sent alone. */
  readonly onTooLarge: (topic: string, sizeBytes: number) => void;
}

/**
 * The sink on Kafka. Both sends run at once; the producer batches them with those of other requests.
 *
 * A broker whose `message.max.bytes` was lowered refuses a batch of records as a whole, and would refuse every retry of
 * it. So a batch refused for its size is sent in halves, down to single records: the others are stored, an event
 * refused alone becomes a dead letter, and a dead letter is cut until it fits.
 */
export function createKafkaEventSink(
  producer: RecordProducer,
  { events, deadLetters, onTooLarge }: KafkaEventSinkOptions,
): EventSink {
  const sendDeadLetters = async (records: readonly OutgoingRecord[]): Promise<void> => {
    for (const refused of await sendInHalves(producer, deadLetters, records)) {
      onTooLarge(deadLetters, recordSizeBytes(refused));
      await sendCut(producer, deadLetters, refused);
    }
  };
  const sendEvents = async (records: readonly OutgoingRecord[]): Promise<void> => {
    const refused = await sendInHalves(producer, events, records);
    for (const record of refused) onTooLarge(events, recordSizeBytes(record));
    if (refused.length > 0) await sendDeadLetters(refused.map(toDeadLetter));
  };
  return {
    store: async (records) => {
      const sending =
        records.deadLetters.length === 0
          ? sendEvents(records.events)
          : Promise.all([sendEvents(records.events), sendDeadLetters(records.deadLetters)]);
      await sending;
    },
  };
}

/**
 * Resolves with the records that were refused alone. Sends the halves one after the other, or records of a key could
 * overtake each other.
 */
async function sendInHalves(
  producer: RecordProducer,
  topic: string,
  records: readonly OutgoingRecord[],
): Promise<readonly OutgoingRecord[]> {
  if (records.length === 0) return [];
  try {
    await producer.send(topic, records);
    return [];
  } catch (error) {
    if (!isPipelineError(error, 'kafka.record-too-large')) throw error;
  }
  if (records.length === 1) return records;
  const middle = Math.floor(records.length / 2);
  const refused = await sendInHalves(producer, topic, records.slice(0, middle));
  return [...refused, ...(await sendInHalves(producer, topic, records.slice(middle)))];
}

async function sendCut(producer: RecordProducer, topic: string, record: OutgoingRecord): Promise<void> {
  const valueBytes = record.value?.length ?? 0;
  const cut = cutDeadLetter(record, Math.floor(valueBytes / 2));
  if (valueBytes <= 1) {
    await producer.send(topic, [cut]);
    return;
  }
  const [refused] = await sendInHalves(producer, topic, [cut]);
  if (refused !== undefined) await sendCut(producer, topic, refused);
}

const CODE = Buffer.from('kafka.record-too-large');
const SERVICE = Buffer.from('ingest');

function toDeadLetter(event: OutgoingRecord): OutgoingRecord {
  const { [headerNames.receivedAt]: receivedAt } = event.headers;
  const message = `the event makes a record of ${recordSizeBytes(event)} bytes, which is more than the brokers take; raise message.max.bytes, then redrive it`;
  const headers: Record<string, Buffer> = {
    ...event.headers,
    [headerNames.deadLetterCode]: CODE,
    [headerNames.deadLetterMessage]: Buffer.from(message),
    [headerNames.deadLetterGroup]: SERVICE,
  };
  if (receivedAt !== undefined) headers[headerNames.deadLetterAt] = receivedAt;
  return { ...event, headers };
}
