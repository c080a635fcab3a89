/**
 * Marks dead letters as dismissed: nobody wants them any more. Under the transactional id of the redrives, so that a dead letter is sent back or
 * dismissed and never both.
 */
import { randomUUID } from 'node:crypto';
import { openTransactionalProducer } from '@astrolabe/kafka';
import { offsetsIn, type Cluster } from '../cluster.ts';
import { isAgreed, type CommandContext } from '../command-context.ts';
import { formatCount } from '../core/table.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import type { ChangeFlags } from '../flags.ts';
import { CauseTable } from './cause-table.ts';
import { positionOf, type DeadLetter } from './dead-letter.ts';
import { letterBatches } from './letter-batches.ts';
import { readLetters } from './letter-selection.ts';
import { planLetters, type LetterPlan, type PlanFlags } from './plan-redrive.ts';
import { takenOver } from './redrive-letters.ts';
import { buildMarks, readRedriveLog, type RedriveLog } from './redrive-log.ts';
import { untilMarksAreVisible } from './visible-marks.ts';

export interface DismissFlags extends ChangeFlags, Omit<PlanFlags, 'asTrusted'> {
  readonly reason?: string;
  readonly dryRun?: boolean;
}

const BATCH_LETTERS = 5_000;

export async function dismissLetters(
  context: CommandContext,
  cluster: Cluster,
  flags: DismissFlags,
  transactionalId: string,
): Promise<ExitCode> {
  const { clock, signal, output } = context;
  const plan = await planLetters(cluster, flags, clock.nowMs());
  const waiting = await countWaiting(context, cluster, plan, await readRedriveLog(cluster, signal, clock.nowMs()));
  if (flags.dryRun === true || waiting === 0) {
    output.result({ dryRun: flags.dryRun === true, waiting }, [
      waiting === 0 ? 'No dead letter that waits is in the selection.' : 'Nothing was changed.',
    ]);
    return exitCodes.done;
  }
  const question = `Dismiss ${formatCount(waiting)} dead letters? They stay on their topic and are not offered again.`;
  if (!(await isAgreed(context, flags, question))) return exitCodes.failed;
  const redriveId = randomUUID();
  const producer = await openTransactionalProducer({ connection: cluster.connection, transactionalId });
  let dismissed = 0;
  try {
    const log = await readRedriveLog(cluster, signal, clock.nowMs());
    let turn: Promise<void> = Promise.resolve();
    await readLetters(cluster, plan.selection, plan.filter, signal, (letters) => {
      turn = turn.then(async () => {
        for (const batch of letterBatches(waitingOf(letters, plan, log), BATCH_LETTERS)) {
          signal.throwIfAborted();
          const marks = buildMarks(
            batch,
            { kind: 'dismissed', redriveId, reason: flags.reason },
            clock.nowMs(),
            log.topicIds,
          );
          const outcome = await producer.commit([{ topic: cluster.topics.redrives.name, records: marks }]);
          if (outcome.kind === 'fenced') throw takenOver();
          dismissed += batch.length;
        }
      });
      return turn;
    });
  } finally {
    await producer.close();
  }
  await untilMarksAreVisible(context, cluster);
  output.result({ redriveId, dismissed }, [`${formatCount(dismissed)} dead letters were dismissed (${redriveId}).`]);
  return exitCodes.done;
}

function waitingOf(letters: readonly DeadLetter[], { only }: LetterPlan, log: RedriveLog): readonly DeadLetter[] {
  return letters.filter(
    ({ record }) => log.stateOf(record) === 'waiting' && (only === undefined || only.has(positionOf(record))),
  );
}

/** By cause; printed for whoever is asked. */
async function countWaiting(
  context: CommandContext,
  cluster: Cluster,
  plan: LetterPlan,
  log: RedriveLog,
): Promise<number> {
  const progress = context.startProgress('reading', 'dead letters');
  const total = offsetsIn(plan.selection.flatMap(({ spans }) => spans));
  const causes = new CauseTable();
  let read = 0;
  await readLetters(cluster, plan.selection, plan.filter, context.signal, (letters, records) => {
    for (const letter of waitingOf(letters, plan, log)) causes.add(letter);
    progress.update((read += records), { total });
  });
  progress.end();
  if (!context.output.isJson) causes.lines().forEach(context.note);
  return causes.waiting;
}
