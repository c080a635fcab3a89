/** Batches without transactions, for those who want their latency: after a crash the last batches are made again. */
import type {
  BatchWriter,
  OutgoingRecord,
  RecordProducer,
  TopicRecord,
  TransactionBatch,
  WriteOutcome,
} from '@astrolabe/records';

const NEVER = new Promise<void>(() => undefined);

/** Never fenced. The producer is the caller's, and closed by it. */
export function createAtLeastOnceWriter(producer: RecordProducer, changelogTopic: string): BatchWriter {
  let earlier: Promise<void> = Promise.resolve();

  const write = async ({ outputs, state }: TransactionBatch, before: Promise<void>): Promise<void> => {
    const sent = [...byTopic(outputs)].map(([topic, records]) => producer.send(topic, records));
    // The first rejection is reported below; the others must not become unhandled rejections.
    for (const each of sent) each.catch(() => undefined);
    await Promise.all([...sent, before]);
    // The position comes last: a crash before it repeats the batch, where a position without its outputs would skip
    // them.
    await producer.send(changelogTopic, state);
  };
  return {
    maxInFlight: 2,
    spent: NEVER,
    write: async (batch): Promise<WriteOutcome> => {
      const written = write(batch, earlier);
      earlier = written;
      await written;
      return { kind: 'written' };
    },
    close: () => Promise.resolve(),
  };
}

function byTopic(outputs: readonly TopicRecord[]): Map<string, OutgoingRecord[]> {
  const topics = new Map<string, OutgoingRecord[]>();
  for (const record of outputs) {
    const together = topics.get(record.topic);
    if (together === undefined) topics.set(record.topic, [record]);
    else together.push(record);
  }
  return topics;
}
