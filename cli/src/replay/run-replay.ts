/**
 * Sends the records of a replay through their topic again, and waits until all of them have ended.
 *
 * 1. Take over the replay's transactional id: another run of it commits nothing any more, and what it has committed is final. 2. Read the
 * replay's state; a new one is stored before anything is sent. 3. Send, a transaction for each batch. 4. Wait for what is under way.
 */
import { openTransactionalProducer } from '@astrolabe/kafka';
import { createFollower, type Follower } from './follow-outcomes.ts';
import { readTopicIds } from './plan-replay.ts';
import { findReplay } from './replay-log.ts';
import { ReplaySender, TakenOverError, type ReplayRun } from './replay-sender.ts';
import { inTheseTopics, type ReplayCounts, type ReplayState } from './replay-state.ts';

export interface ReplayEnd {
  /** What is stored for certain: another run goes on from there. */
  readonly counts: ReplayCounts;
  readonly tally: Follower['tally'];
  /** Records and commands that had not ended then. */
  readonly pending: number;
  /** Why it ended before everything had; undefined where nothing is left. */
  readonly failure: unknown;
}

/** Rejects where nothing was sent yet, and where another run has taken the replay over: that one reports. */
export async function runReplay(run: ReplayRun): Promise<ReplayEnd> {
  const { context, reading, topicPrefix, groups, initial } = run;
  const { cluster } = reading;
  const { id } = initial;
  const producer = await openTransactionalProducer({
    connection: cluster.connection,
    transactionalId: `${topicPrefix}astrolabe.replay.${id}`,
  });
  try {
    const found = (await findReplay(cluster, id, context.signal)) ?? initial;
    const state = inTheseTopics(found, await readTopicIds(cluster));
    const follower = createFollower(cluster, groups, state);
    const progress = context.startProgress('replay', state.request.source);
    try {
      const sender = new ReplaySender(run, state, producer, follower, progress);
      await sender.commit([]);
      const failure = await sendAll(sender, state);
      return { counts: sender.stored, tally: follower.tally, pending: sender.pending, failure };
    } finally {
      progress.end();
    }
  } finally {
    // After a failure the brokers may be away.
    await producer.close().catch(() => undefined);
  }
}

/** Resolves with what ended it early, if anything did. */
async function sendAll(sender: ReplaySender, { spans }: ReplayState): Promise<unknown> {
  try {
    for (const span of spans) await sender.send(span);
    await sender.untilOutstanding(0);
    return undefined;
  } catch (error) {
    if (error instanceof TakenOverError) throw error;
    return error;
  }
}
