/** Transactions that keep the records of a topic from its readers, now and a second later. */
import type { HeldPartition, HoldingTransaction } from '@astrolabe/kafka';
import type { Cluster, OperationRun } from '../cluster/cluster.ts';

/** A transaction that is open for longer blocks its readers. */
const LOOKS_APART_MS = 1_000;

/** Empty where every record of the topic can be read. Takes a second where one cannot. */
export async function findHolds(
  { clock, signal }: OperationRun,
  { admin, reader, findHoldingTransactions }: Pick<Cluster, 'admin' | 'reader' | 'findHoldingTransactions'>,
  topic: string,
): Promise<readonly HoldingTransaction[]> {
  const look = async (): Promise<HeldPartition[]> => {
    const open: HeldPartition[] = [];
    for (const { partition } of await admin.watermarks(topic)) {
      const { lastStableOffset, highWatermark } = await reader.offsets(topic, partition);
      if (lastStableOffset < highWatermark) open.push({ topic, partition, fromOffset: lastStableOffset });
    }
    return open;
  };
  const before = await look();
  if (before.length === 0) return [];
  await clock.sleep(LOOKS_APART_MS, signal);
  const now = await look();
  const lasting = now.filter((each) =>
    before.some(({ partition, fromOffset }) => partition === each.partition && fromOffset === each.fromOffset),
  );
  return findHoldingTransactions(lasting);
}
