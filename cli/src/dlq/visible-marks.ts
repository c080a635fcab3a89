import type { Cluster } from '../cluster.ts';
import type { CommandContext } from '../command-context.ts';
import { POLL_MS, settledOffsets } from '../settled-offsets.ts';

/** The brokers write a transaction's markers after they have answered its commit; the next command must see the marks. */
export async function untilMarksAreVisible(
  { clock, signal }: Pick<CommandContext, 'clock' | 'signal'>,
  { reader, topics }: Pick<Cluster, 'reader' | 'topics'>,
): Promise<void> {
  await settledOffsets(reader, topics.redrives.name, 0, () => clock.sleep(POLL_MS, signal));
}
