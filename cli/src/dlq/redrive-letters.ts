/**
 * Sends dead letters back to their source topics.
 *
 * 1. Count what would go, and ask. 2. Take over the one transactional id of all redrives: another run that is under way commits nothing any
 * more. 3. Read which letters went back already: final, since nobody else can write it now. 4. For each batch one transaction of the records
 * and of their marks. A crash anywhere leaves letters that are sent and marked, or neither.
 */
import { readFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { openTransactionalProducer, type CommandDecoder, type CommandEncoder } from '@astrolabe/kafka';
import { errorMessage } from '@astrolabe/service-kit';
import { offsetsIn, type Cluster } from '../cluster.ts';
import { isAgreed, type CommandContext } from '../command-context.ts';
import { formatCount, formatTable } from '../core/table.ts';
import { exitCodes, UsageError, type ExitCode } from '../exit-codes.ts';
import type { ChangeFlags } from '../flags.ts';
import { createPace } from '../pace.ts';
import { buildRedrive, type Redrive } from './build-redrive.ts';
import { positionOf, roleOf, sourceTopics, type DeadLetter, type LetterRole } from './dead-letter.ts';
import { parseExport, type EditedLetter } from './edited-export.ts';
import { readContent, type LetterContent } from './letter-text.ts';
import { readLetters, spansOfSelection, type LetterSpans, type SelectionFlags } from './letter-selection.ts';
import { buildMarks, readRedriveLog, type RedriveLog } from './redrive-log.ts';

export interface RedriveFlags extends ChangeFlags, SelectionFlags {
  readonly all?: boolean;
  readonly fromFile?: string;
  readonly rate?: number;
  readonly maxRedrives: number;
  readonly dryRun?: boolean;
}

export interface RegistryTools {
  readonly decoder: CommandDecoder | undefined;
  readonly encoder: CommandEncoder | undefined;
}

/** Every letter of the selection is exactly one of these. */
interface Counts {
  redriven: number;
  edited: number;
  alreadyRedriven: number;
  exhausted: number;
  refused: number;
}

interface Plan {
  readonly selection: readonly LetterSpans[];
  /** By position; undefined: the whole selection, as it is. */
  readonly edited: ReadonlyMap<string, EditedLetter> | undefined;
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
  const { clock, signal } = context;
  const plan = await makePlan(context, cluster, flags);
  const log = await readRedriveLog(cluster, signal, clock.nowMs());
  const planned = await count(context, cluster, plan, flags, log);
  if (flags.dryRun === true || planned === 0) {
    context.output.result({ dryRun: flags.dryRun === true, waiting: planned }, [
      planned === 0 ? 'No dead letter that waits is in the selection.' : 'Nothing was changed.',
    ]);
    return exitCodes.done;
  }
  if (!(await isAgreed(context, flags, `Send ${formatCount(planned)} dead letters back to their topics?`))) {
    return exitCodes.failed;
  }
  return send(context, cluster, registry, flags, plan, transactionalId);
}

async function makePlan({ clock }: CommandContext, cluster: Cluster, flags: RedriveFlags): Promise<Plan> {
  if (flags.fromFile === undefined) {
    const isNarrowed = [flags.topic, flags.connector, flags.code, flags.messageId, flags.commandId, flags.toDatetime]
      .concat([flags.byDuration, flags.untilDatetime, flags.offsets?.length])
      .some((flag) => flag !== undefined);
    if (!isNarrowed && flags.all !== true && flags.toEarliest !== true) {
      throw new UsageError('Say which dead letters: by --code, --connector, --by-duration, --offsets, ..., or --all.');
    }
    return { selection: await spansOfSelection(cluster, flags, clock.nowMs()), edited: undefined };
  }
  let text: string;
  try {
    text = await readFile(flags.fromFile, 'utf8');
  } catch (error) {
    throw new UsageError(`${flags.fromFile} cannot be read: ${errorMessage(error)}`);
  }
  const parsed = parseExport(text);
  if (parsed.kind === 'invalid')
    throw new UsageError(`${flags.fromFile}:${parsed.line}: ${parsed.reason}; nothing was changed.`);
  const edited = new Map(parsed.letters.map((letter) => [letter.position, letter]));
  const byTopic = Map.groupBy(parsed.letters, ({ topic }) => topic);
  const selection = [...byTopic].map(([topic, letters]): LetterSpans => {
    const role = roleOf(cluster.topics, topic);
    if (role === undefined)
      throw new UsageError(`${flags.fromFile}: ${topic} is no dead-letter topic of this pipeline.`);
    const byPartition = Map.groupBy(letters, ({ partition }) => partition);
    const spans = [...byPartition].map(([partition, group]) => {
      const offsets = group.map(({ offset }) => offset);
      const first = offsets.reduce((a, b) => (a < b ? a : b));
      const last = offsets.reduce((a, b) => (a > b ? a : b));
      return { topic, partition, fromOffset: first, endOffset: last + 1n };
    });
    return { role, spans };
  });
  return { selection, edited };
}

/** How many wait, by cause; printed for whoever is asked. */
async function count(
  context: CommandContext,
  cluster: Cluster,
  { selection, edited }: Plan,
  flags: RedriveFlags,
  log: RedriveLog,
): Promise<number> {
  const progress = context.startProgress('reading', 'dead letters');
  const total = offsetsIn(selection.flatMap(({ spans }) => spans));
  const byCause = new Map<string, number>();
  let read = 0;
  let waiting = 0;
  await readLetters(cluster, selection, flags, context.signal, (letters, records) => {
    for (const letter of letters) {
      if (edited?.has(positionOf(letter.record)) === false || log.has(letter.record)) continue;
      waiting += 1;
      const cause = `${letter.record.topic}\n${letter.code}\n${letter.connectorId}`;
      byCause.set(cause, (byCause.get(cause) ?? 0) + 1);
    }
    progress.update((read += records), { total });
  });
  progress.end();
  if (byCause.size > 0 && !context.output.isJson) {
    const rows = [...byCause].map(([cause, letters]) => [...cause.split('\n'), letters]);
    for (const line of formatTable(['TOPIC', 'CAUSE', 'CONNECTOR', 'WAITING'], rows)) context.note(line);
  }
  return waiting;
}

async function send(
  context: CommandContext,
  cluster: Cluster,
  { decoder, encoder }: RegistryTools,
  flags: RedriveFlags,
  { selection, edited }: Plan,
  transactionalId: string,
): Promise<ExitCode> {
  const { clock, signal, output } = context;
  const redriveId = randomUUID();
  const counts: Counts = { redriven: 0, edited: 0, alreadyRedriven: 0, exhausted: 0, refused: 0 };
  const refusals: { readonly position: string; readonly reason: string }[] = [];
  const found = new Set<string>();
  const pace = createPace(flags.rate, clock);
  const progress = context.startProgress('redrive', 'dead letters');
  const sources = sourceTopics(cluster.topics);
  const partitions = new Map<LetterRole, number>();
  for (const { role } of selection) partitions.set(role, (await cluster.admin.watermarks(sources[role])).length);
  const total = offsetsIn(selection.flatMap(({ spans }) => spans));
  const producer = await openTransactionalProducer({ connection: cluster.connection, transactionalId });
  try {
    const log = await readRedriveLog(cluster, signal, clock.nowMs());
    let read = 0;
    const redriveBatch = async (letters: readonly DeadLetter[]): Promise<void> => {
      const sent: { readonly letter: DeadLetter; readonly redrive: Extract<Redrive, { kind: 'send' }> }[] = [];
      for (const letter of letters) {
        const position = positionOf(letter.record);
        found.add(position);
        if (log.has(letter.record)) {
          counts.alreadyRedriven += 1;
          continue;
        }
        const value = edited?.get(position)?.value;
        // A command that nobody has edited goes as it is: no registry is needed for it.
        const isOpaque = letter.role === 'commands' && value === undefined;
        const content: LetterContent = isOpaque ? { kind: 'none' } : await readContent(letter, decoder);
        const redrive = buildRedrive(letter, content, value, {
          maxRedrives: flags.maxRedrives,
          partitions: partitions.get(letter.role) ?? 1,
          encoder,
        });
        if (redrive.kind === 'send') sent.push({ letter, redrive });
        else if (redrive.kind === 'exhausted') counts.exhausted += 1;
        else {
          counts.refused += 1;
          refusals.push({ position, reason: redrive.reason });
          if (counts.refused <= NAMED_LETTERS) progress.note(`${position}: ${redrive.reason}`);
        }
      }
      if (sent.length === 0) return;
      await pace.take(sent.length, signal);
      const byTopic = Map.groupBy(sent, ({ letter }) => sources[letter.role]);
      const parts = [...byTopic].map(([topic, group]) => ({
        topic,
        records: group.map(({ redrive }) => redrive.record),
      }));
      const marks = buildMarks(
        sent.map(({ letter }) => letter),
        redriveId,
        clock.nowMs(),
        log.topicIds,
      );
      const outcome = await producer.commit([...parts, { topic: cluster.topics.redrives.name, records: marks }]);
      if (outcome.kind === 'fenced') {
        throw new Error(
          'another redrive was started and has taken over; see "astrolabe dlq list" for what still waits',
        );
      }
      counts.redriven += sent.length;
      counts.edited += sent.filter(({ redrive }) => redrive.isEdited).length;
    };
    // Partitions are read side by side, and there is one transaction at a time.
    let turn: Promise<void> = Promise.resolve();
    await readLetters(cluster, selection, flags, signal, (letters, records) => {
      const mine = edited === undefined ? letters : letters.filter(({ record }) => edited.has(positionOf(record)));
      turn = turn.then(async () => {
        for (const batch of batches(mine, pace.share(BATCH_LETTERS))) {
          signal.throwIfAborted();
          await redriveBatch(batch);
          progress.update(counts.redriven);
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
  const missing = edited === undefined ? [] : [...edited.keys()].filter((position) => !found.has(position));
  output.result({ redriveId, selected: found.size + missing.length, ...counts, missing, refusals }, [
    `${formatCount(counts.redriven)} dead letters were sent back${counts.edited > 0 ? `, ${formatCount(counts.edited)} of them edited` : ''} (${redriveId}).`,
    ...(counts.alreadyRedriven > 0 ? [`${formatCount(counts.alreadyRedriven)} had been sent back before.`] : []),
    ...(counts.exhausted > 0
      ? [
          `${formatCount(counts.exhausted)} came back ${flags.maxRedrives} times already and stay; raise --max-redrives once the cause is gone.`,
        ]
      : []),
    ...(counts.refused > 0
      ? [`${formatCount(counts.refused)} would be refused again and stay: edit them (dlq export).`]
      : []),
    ...(missing.length > 0
      ? [`${formatCount(missing.length)} are not on their topic any more: ${missing.slice(0, 5).join(', ')}`]
      : []),
  ]);
  return counts.exhausted + counts.refused + missing.length > 0 ? exitCodes.failed : exitCodes.done;
}

/** The brokers write a transaction's markers after they have answered its commit; whoever lists the letters next shall see it. */
async function untilMarksAreVisible({ clock, signal }: CommandContext, { reader, topics }: Cluster): Promise<void> {
  const giveUpAtMs = clock.monotonicMs() + MARKERS_PATIENCE_MS;
  for (;;) {
    const { lastStableOffset, highWatermark } = await reader.offsets(topics.redrives.name, 0);
    if (lastStableOffset === highWatermark || clock.monotonicMs() > giveUpAtMs) return;
    await clock.sleep(MARKERS_POLL_MS, signal);
  }
}

const MARKERS_PATIENCE_MS = 5_000;
const MARKERS_POLL_MS = 20;

/** Bounded in letters and in bytes, so that a transaction stays short. */
function* batches(letters: readonly DeadLetter[], maxLetters: number): Generator<readonly DeadLetter[]> {
  let batch: DeadLetter[] = [];
  let bytes = 0;
  for (const letter of letters) {
    const sizeBytes = letter.record.value?.length ?? 0;
    if (batch.length === maxLetters || (batch.length > 0 && bytes + sizeBytes > BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(letter);
    bytes += sizeBytes;
  }
  if (batch.length > 0) yield batch;
}

const BATCH_BYTES = 4_000_000;
