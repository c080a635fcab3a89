import type { RecordProducer } from '@astrolabe/kafka';
import type { EventSink } from '../event-sink.ts';

/** The sink over Kafka. Both sends are under way at once; the producer gathers them and those of other requests. */
export function createKafkaEventSink(
  producer: RecordProducer,
  topics: { readonly events: string; readonly deadLetters: string },
): EventSink {
  return {
    store: async ({ events, deadLetters }) => {
      const sends = [];
      if (events.length > 0) sends.push(producer.send(topics.events, events));
      if (deadLetters.length > 0) sends.push(producer.send(topics.deadLetters, deadLetters));
      await Promise.all(sends);
    },
  };
}
