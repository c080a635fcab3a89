import type { Cluster } from '../cluster.ts';
import type { CommandContext } from '../command-context.ts';

const GIVE_UP_MS = 5_000;
const POLL_MS = 20;

/** The brokers write a transaction's markers after they have answered its commit; the next verb shall see the marks. */
export async function untilMarksAreVisible(
  { clock, signal }: Pick<CommandContext, 'clock' | 'signal'>,
  { reader, topics }: Pick<Cluster, 'reader' | 'topics'>,
): Promise<void> {
  const giveUpAtMs = clock.monotonicMs() + GIVE_UP_MS;
  for (;;) {
    const { lastStableOffset, highWatermark } = await reader.offsets(topics.redrives.name, 0);
    if (lastStableOffset === highWatermark || clock.monotonicMs() > giveUpAtMs) return;
    await clock.sleep(POLL_MS, signal);
  }
}
