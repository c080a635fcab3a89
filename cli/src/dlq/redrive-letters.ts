/**
 * Sends dead letters back to their source topics.
 *
 * 1. Judge what would go, and ask. 2. Take over the one transactional id of all redrives: another run that is under way commits nothing any
 * more. 3. Read which dead letters went back already: final, since nobody else can write it now. 4. For each batch one transaction of the
 * records and of their marks. A crash anywhere leaves dead letters that are sent and marked, or neither.
 */
import { randomUUID } from 'node:crypto';
import { openTransactionalProducer } from '@astrolabe/kafka';
import type { CommandDecoder, CommandEncoder } from '@astrolabe/records/serde';
import { offsetsIn, type Cluster } from '../cluster.ts';
import { isAgreed, type CommandContext } from '../command-context.ts';
import { formatCount } from '../core/table.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import type { ChangeFlags } from '../flags.ts';
import { createPace } from '../pace.ts';
import { buildRedrive, type Redrive } from './build-redrive.ts';
import { CauseTable } from './cause-table.ts';
import { positionOf, sourceTopics, type DeadLetter, type LetterRole } from './dead-letter.ts';
import { letterBatches } from './letter-batches.ts';
import { readContent, type LetterContent } from './letter-text.ts';
import { readLetters } from './letter-selection.ts';
import { planLetters, type LetterPlan, type PlanFlags } from './plan-redrive.ts';
import { buildMarks, readRedriveLog, type RedriveLog } from './redrive-log.ts';
import { describeLeft, describeRedrive, noCounts, type LeftLetter, type RedriveReport } from './redrive-report.ts';
import { untilMarksAreVisible } from './visible-marks.ts';

export interface RedriveFlags extends ChangeFlags, PlanFlags {
  readonly rate?: number;
  readonly maxRedrives: number;
  readonly dryRun?: boolean;
}

export interface RegistryTools {
  readonly decoder: CommandDecoder | undefined;
  readonly encoder: CommandEncoder | undefined;
}

const BATCH_LETTERS = 500;
const NAMED_LETTERS = 20;

export async function redriveLetters(
  context: CommandContext,
  cluster: Cluster,
  registry: RegistryTools,
  flags: RedriveFlags,
  transactionalId: string,
): Promise<ExitCode> {
  const { clock, signal, output } = context;
  const plan = await planLetters(cluster, flags, clock.nowMs());
  const log = await readRedriveLog(cluster, signal, clock.nowMs());
  const judge = await createJudge(cluster, registry, flags, plan);
  const waiting = await preview(context, cluster, judge, log);
  const { counts, untrusted } = judge.report();
  const planned = counts.redriven;
  if (flags.dryRun === true || waiting === 0) {
    output.result({ dryRun: flags.dryRun === true, waiting, wouldBeSent: planned, ...left(judge.report()) }, [
      ...(waiting === 0
        ? ['No dead letter that waits is in the selection.']
        : [`${formatCount(planned)} would be sent back.`, ...describeLeft(judge.report(), true)]),
      ...(waiting === 0 ? [] : ['Nothing was changed.']),
    ]);
    return exitCodes.done;
  }
  for (const { position, reason } of untrusted.slice(0, NAMED_LETTERS)) context.note(`${position}: ${reason}`);
  for (const name of plan.trusted) context.note(`${name} goes as if its sender had shown the connector's API key`);
  const question = `Send ${formatCount(planned)} dead letters back to their topics?`;
  if (planned === 0) {
    // Nothing to agree to, and no other redrive to take over from.
    for (const { position, reason } of judge.refusals.slice(0, NAMED_LETTERS)) context.note(`${position}: ${reason}`);
    return printReport(context, judge, randomUUID());
  }
  if (!(await isAgreed(context, flags, question))) return exitCodes.failed;
  return send(context, cluster, await createJudge(cluster, registry, flags, plan), flags, transactionalId);
}

function left({ counts, missing, untrusted }: RedriveReport): Record<string, unknown> {
  const { redriven: _redriven, untrusted: _count, ...others } = counts;
  return { ...others, untrusted: untrusted.map(({ position }) => position), missing };
}

/** Judges each dead letter of a plan and keeps the counts. */
interface Judge {
  readonly plan: LetterPlan;
  /** Undefined for one that stays where it is; `onLeft` is told of those that need somebody's decision. */
  judge(letter: DeadLetter, log: RedriveLog): Promise<Extract<Redrive, { kind: 'send' }> | undefined>;
  /** Whether the plan asks for it. */
  wants(letter: DeadLetter): boolean;
  /** In the selection and wanted, whatever became of it. */
  readonly found: ReadonlySet<string>;
  readonly refusals: readonly LeftLetter[];
  report(): RedriveReport;
}

async function createJudge(
  { admin, topics }: Cluster,
  { decoder, encoder }: RegistryTools,
  { maxRedrives }: RedriveFlags,
  plan: LetterPlan,
): Promise<Judge> {
  const sources = sourceTopics(topics);
  const partitions = new Map<LetterRole, number>();
  for (const { role } of plan.selection) partitions.set(role, (await admin.watermarks(sources[role])).length);
  const counts = noCounts();
  const refusals: LeftLetter[] = [];
  const untrusted: LeftLetter[] = [];
  const found = new Set<string>();
  let edited = 0;
  return {
    plan,
    found,
    refusals,
    wants: ({ record }) => plan.only === undefined || plan.only.has(positionOf(record)),
    judge: async (letter, log) => {
      const position = positionOf(letter.record);
      found.add(position);
      const state = log.stateOf(letter.record);
      if (state !== 'waiting') {
        if (state === 'dismissed') counts.dismissed += 1;
        else counts.alreadyRedriven += 1;
        return undefined;
      }
      const value = plan.edited.get(position)?.value;
      // A command that nobody has edited goes as it is: no registry is needed for it.
      const isOpaque = letter.role === 'commands' && value === undefined;
      const content: LetterContent = isOpaque ? { kind: 'none' } : await readContent(letter, decoder);
      const wish = { edited: value, asTrusted: plan.trusted.has(position) };
      const ofTopic = partitions.get(letter.role) ?? 1;
      const redrive = buildRedrive(letter, content, wish, { maxRedrives, partitions: ofTopic, encoder });
      switch (redrive.kind) {
        case 'send':
          counts.redriven += 1;
          if (redrive.isEdited) edited += 1;
          return redrive;
        case 'exhausted':
          counts.exhausted += 1;
          return undefined;
        case 'untrusted':
          counts.untrusted += 1;
          untrusted.push({ position, reason: redrive.reason });
          return undefined;
        case 'refused':
          counts.refused += 1;
          refusals.push({ position, reason: redrive.reason });
          return undefined;
      }
    },
    report: () => ({
      counts,
      edited,
      untrusted,
      maxRedrives,
      missing: [...(plan.only ?? [])].filter((position) => !found.has(position)),
    }),
  };
}

/** How many wait, by cause; printed for whoever is asked. */
async function preview(context: CommandContext, cluster: Cluster, judge: Judge, log: RedriveLog): Promise<number> {
  const { selection } = judge.plan;
  const progress = context.startProgress('reading', 'dead letters');
  const total = offsetsIn(selection.flatMap(({ spans }) => spans));
  const causes = new CauseTable();
  let read = 0;
  await readLetters(cluster, selection, judge.plan.filter, context.signal, async (letters, records) => {
    for (const letter of letters.filter(judge.wants)) {
      await judge.judge(letter, log);
      if (log.stateOf(letter.record) === 'waiting') causes.add(letter);
    }
    progress.update((read += records), { total });
  });
  progress.end();
  if (!context.output.isJson) causes.lines().forEach(context.note);
  return causes.waiting;
}

async function send(
  context: CommandContext,
  cluster: Cluster,
  judge: Judge,
  flags: RedriveFlags,
  transactionalId: string,
): Promise<ExitCode> {
  const { clock, signal } = context;
  const { selection } = judge.plan;
  const redriveId = randomUUID();
  const pace = createPace(flags.rate, clock);
  const progress = context.startProgress('redrive', 'dead letters');
  const sources = sourceTopics(cluster.topics);
  const total = offsetsIn(selection.flatMap(({ spans }) => spans));
  const producer = await openTransactionalProducer({ connection: cluster.connection, transactionalId });
  try {
    const log = await readRedriveLog(cluster, signal, clock.nowMs());
    let read = 0;
    let named = 0;
    const redriveBatch = async (letters: readonly DeadLetter[]): Promise<void> => {
      const sent: { readonly letter: DeadLetter; readonly redrive: Extract<Redrive, { kind: 'send' }> }[] = [];
      for (const letter of letters) {
        const redrive = await judge.judge(letter, log);
        if (redrive !== undefined) sent.push({ letter, redrive });
      }
      for (; named < Math.min(judge.refusals.length, NAMED_LETTERS); named += 1) {
        const refusal = judge.refusals[named];
        if (refusal !== undefined) progress.note(`${refusal.position}: ${refusal.reason}`);
      }
      if (sent.length === 0) return;
      await pace.take(sent.length, signal);
      const byTopic = Map.groupBy(sent, ({ letter }) => sources[letter.role]);
      const parts = [...byTopic].map(([topic, group]) => ({
        topic,
        records: group.map(({ redrive }) => redrive.record),
      }));
      const those = sent.map(({ letter }) => letter);
      const marks = buildMarks(those, { kind: 'redriven', redriveId }, clock.nowMs(), log.topicIds);
      const outcome = await producer.commit([...parts, { topic: cluster.topics.redrives.name, records: marks }]);
      if (outcome.kind === 'fenced') throw takenOver();
    };
    // Partitions are read side by side, and there is one transaction at a time.
    let turn: Promise<void> = Promise.resolve();
    await readLetters(cluster, selection, judge.plan.filter, signal, (letters, records) => {
      turn = turn.then(async () => {
        for (const batch of letterBatches(letters.filter(judge.wants), pace.share(BATCH_LETTERS))) {
          signal.throwIfAborted();
          await redriveBatch(batch);
          progress.update(judge.report().counts.redriven);
        }
        progress.update((read += records), { total });
      });
      return turn;
    });
  } finally {
    progress.end();
    await producer.close();
  }
  await untilMarksAreVisible(context, cluster);
  return printReport(context, judge, redriveId);
}

function printReport({ output }: CommandContext, judge: Judge, redriveId: string): ExitCode {
  const report = judge.report();
  const { counts, edited, missing, untrusted } = report;
  const { refusals, found } = judge;
  output.result(
    {
      redriveId,
      selected: found.size + missing.length,
      ...counts,
      edited,
      missing,
      refusals: [...refusals, ...untrusted],
    },
    describeRedrive(report, redriveId),
  );
  const stay = counts.exhausted + counts.refused + counts.untrusted + missing.length;
  return stay > 0 ? exitCodes.failed : exitCodes.done;
}

export function takenOver(): Error {
  return new Error('another redrive was started and has taken over; see "astrolabe dlq list" for what still waits');
}
