/**
 * Files → the event topic. A batch of lines is acknowledged before the state moves on past it; a crash in between
 * repeats the batch, under the same message ids, which have one effect.
 */
import type { OutgoingRecord, RecordProducer } from '@astrolabe/records';
import type { ErrorCode } from '@astrolabe/service-kit/errors';
import type { OperationRun, ProgressSnapshot } from '../cluster/cluster.ts';
import { createPace, type Pace } from '../core/pace.ts';
import { noCounts, type BackfillState, type FileCounts } from './backfill-state.ts';
import { toLineRecord } from './core/line-record.ts';
import { placeInFile, type SourceLine } from './core/source-line.ts';
import type { SourceFile } from './find-files.ts';
import { createLineReader } from './read-lines.ts';

export interface BadLine {
  readonly file: string;
  /** From 1: of the line, or of the event where the file does not have one per line. */
  readonly line: number;
  /** For people: file and line. */
  readonly place: string;
  readonly code: ErrorCode;
  readonly reason: string;
}

export interface BackfillOptions extends OperationRun {
  readonly files: readonly SourceFile[];
  readonly connectorId: string;
  /** Undefined: lines are only validated, and nothing is stored. */
  readonly target:
    | { readonly producer: Pick<RecordProducer, 'send'>; readonly events: string; readonly deadLetters: string }
    | undefined;
  readonly state: BackfillState;
  /** Undefined: no limit. */
  readonly linesPerSecond: number | undefined;
  readonly onEvent: (event: BackfillEvent) => void;
}

export type BackfillEvent =
  /** `done`: lines of this run; `share`: of all bytes. */
  | { readonly kind: 'progress'; readonly progress: ProgressSnapshot }
  | { readonly kind: 'bad-line'; readonly line: BadLine }
  /** So many events of a batch delete or unsuppress a user: a file is trusted as the API key is. */
  | { readonly kind: 'deletions'; readonly count: number };

export interface BackfillReport extends FileCounts {
  readonly files: number;
  /** Of `lines`, those that an earlier run had stored. */
  readonly resumedLines: number;
}

export interface RefusedFile {
  readonly name: string;
  /** What it is, and what to do. */
  readonly reason: string;
}

export type BackfillOutcome =
  | { readonly kind: 'done'; readonly report: BackfillReport }
  /** Files in a form that is not supported. Nothing was stored. */
  | { readonly kind: 'refused-files'; readonly refused: readonly RefusedFile[] };

const BATCH_LINES = 1_000;
const BATCH_BYTES = 1_000_000;
const SAVE_MS = 1_000;

export async function runBackfill(options: BackfillOptions): Promise<BackfillOutcome> {
  const { files, state, signal, onEvent } = options;
  const refused = await findRefused(options);
  if (refused.length > 0) return { kind: 'refused-files', refused };
  const pace = createPace(options.linesPerSecond, options.clock);
  const totalBytes = Math.max(
    1,
    files.reduce((sum, file) => sum + file.sizeBytes, 0),
  );
  let finishedBytes = 0;
  let report: BackfillReport = { files: files.length, resumedLines: 0, ...noCounts };
  try {
    for (const file of files) {
      signal.throwIfAborted();
      const stored = state.stored(file) ?? { ...noCounts, isDone: false };
      const before = report;
      const counts = stored.isDone
        ? stored
        : await backfillFile(options, pace, file, stored, (lines, readBytes) => {
            const done = before.lines - before.resumedLines + lines - stored.lines;
            onEvent({ kind: 'progress', progress: { done, share: (finishedBytes + readBytes) / totalBytes } });
          });
      finishedBytes += file.sizeBytes;
      report = {
        files: files.length,
        resumedLines: before.resumedLines + stored.lines,
        lines: before.lines + counts.lines,
        events: before.events + counts.events,
        deadLetters: before.deadLetters + counts.deadLetters,
        empty: before.empty + counts.empty,
      };
    }
    return { kind: 'done', report };
  } finally {
    await state.save();
  }
}

/** Looked for before anything is stored. */
async function findRefused({ files, state, signal }: BackfillOptions): Promise<RefusedFile[]> {
  const refused: RefusedFile[] = [];
  for (const file of files) {
    signal.throwIfAborted();
    if (state.stored(file)?.isDone === true) continue;
    const form = await createLineReader(file.path, signal).form();
    if (form.kind === 'refused') refused.push({ name: file.name, reason: form.reason });
  }
  return refused;
}

async function backfillFile(
  options: BackfillOptions,
  pace: Pace,
  file: SourceFile,
  stored: FileCounts,
  onProgress: (lines: number, readBytes: number) => void,
): Promise<FileCounts> {
  const { state, clock, signal } = options;
  const reader = createLineReader(file.path, signal);
  const { lines, events, deadLetters, empty } = stored;
  let counts: FileCounts = { lines, events, deadLetters, empty };
  let savedAtMs = clock.monotonicMs();
  for await (const group of reader.lines()) {
    for (const batch of toBatches(group, stored.lines, pace.share(BATCH_LINES))) {
      await pace.take(batch.length, signal);
      counts = await storeBatch(options, file, batch, counts);
      state.advance(file, counts, false);
      onProgress(counts.lines, reader.readBytes());
      if (clock.monotonicMs() - savedAtMs < SAVE_MS) continue;
      savedAtMs = clock.monotonicMs();
      await state.save();
    }
  }
  state.advance(file, counts, true);
  return counts;
}

async function storeBatch(
  { target, connectorId, clock, onEvent }: BackfillOptions,
  { name, modifiedAtMs }: SourceFile,
  batch: readonly SourceLine[],
  before: FileCounts,
): Promise<FileCounts> {
  const origin = { connectorId, fileName: name, fileTimeMs: modifiedAtMs, nowMs: clock.nowMs() };
  const events: OutgoingRecord[] = [];
  const deadLetters: OutgoingRecord[] = [];
  const bad: BadLine[] = [];
  let deletions = 0;
  for (const line of batch) {
    const made = toLineRecord(line, origin);
    if (made.kind === 'event') {
      events.push(made.record);
      if (made.isDeletion) deletions += 1;
    } else if (made.kind === 'dead-letter') {
      deadLetters.push(made.record);
      bad.push({ file: name, line: line.number, place: placeInFile(name, line), code: made.code, reason: made.reason });
    }
  }
  if (target !== undefined) {
    await Promise.all([
      target.producer.send(target.events, events),
      target.producer.send(target.deadLetters, deadLetters),
    ]);
  }
  for (const line of bad) onEvent({ kind: 'bad-line', line });
  if (deletions > 0) onEvent({ kind: 'deletions', count: deletions });
  return {
    lines: before.lines + batch.length,
    events: before.events + events.length,
    deadLetters: before.deadLetters + deadLetters.length,
    empty: before.empty + batch.length - events.length - deadLetters.length,
  };
}

/** Without the lines that are stored already; bounded in lines and bytes. */
function* toBatches(
  lines: readonly SourceLine[],
  storedLines: number,
  maxLines: number,
): Generator<readonly SourceLine[]> {
  let batch: SourceLine[] = [];
  let bytes = 0;
  for (const line of lines) {
    if (line.number <= storedLines) continue;
    if (batch.length === maxLines || (batch.length > 0 && bytes + line.bytes.length > BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(line);
    bytes += line.bytes.length;
  }
  if (batch.length > 0) yield batch;
}
