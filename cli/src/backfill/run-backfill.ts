/**
 * Files → the event topic. A batch of lines is acknowledged before the state moves on past it; a crash in between repeats the batch, under the
 * same message ids, which have one effect.
 */
import type { OutgoingRecord, RecordProducer } from '@astrolabe/records';
import type { Clock } from '@astrolabe/service-kit/clock';
import type { ErrorCode } from '@astrolabe/service-kit/errors';
import { UsageError } from '../exit-codes.ts';
import type { Pace } from '../pace.ts';
import { noCounts, type BackfillState, type FileCounts } from './backfill-state.ts';
import type { SourceFile } from './find-files.ts';
import { toLineRecord } from './line-record.ts';
import { createLineReader } from './read-lines.ts';
import { placeInFile, type SourceLine } from './source-line.ts';

export interface BadLine {
  readonly file: string;
  /** From 1: of the line, or of the event where they are not one a line. */
  readonly line: number;
  /** For people: file and line. */
  readonly place: string;
  readonly code: ErrorCode;
  readonly reason: string;
}

export interface BackfillOptions {
  readonly files: readonly SourceFile[];
  readonly connectorId: string;
  /** Undefined: nothing is stored, lines are judged only. */
  readonly target:
    { readonly producer: RecordProducer; readonly events: string; readonly deadLetters: string } | undefined;
  readonly state: BackfillState;
  readonly pace: Pace;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onBadLine: (bad: BadLine) => void;
  /** So many events of a batch delete a user or undo that: a file is trusted as the API key is. */
  readonly onDeletions: (count: number) => void;
  /** `done` lines of this run; `share` of all bytes. */
  readonly onProgress: (done: number, share: number) => void;
}

export interface BackfillReport extends FileCounts {
  readonly files: number;
  /** Of `lines`, those that an earlier run had stored. */
  readonly resumedLines: number;
}

const BATCH_LINES = 1_000;
const BATCH_BYTES = 1_000_000;
const SAVE_MS = 1_000;

export async function runBackfill(options: BackfillOptions): Promise<BackfillReport> {
  const { files, state, signal } = options;
  const totalBytes = Math.max(
    1,
    files.reduce((sum, file) => sum + file.sizeBytes, 0),
  );
  let finishedBytes = 0;
  await refuseUnreadable(options);
  let report: BackfillReport = { files: files.length, resumedLines: 0, ...noCounts };
  try {
    for (const file of files) {
      signal.throwIfAborted();
      const stored = state.stored(file) ?? { ...noCounts, isDone: false };
      const before = report;
      const counts = stored.isDone
        ? stored
        : await backfillFile(options, file, stored, (lines, readBytes) => {
            const done = before.lines - before.resumedLines + lines - stored.lines;
            options.onProgress(done, (finishedBytes + readBytes) / totalBytes);
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
    return report;
  } finally {
    await state.save();
  }
}

/** Before anything is stored: throws a `UsageError` that names every file whose form is not read, and what to do about it. */
async function refuseUnreadable({ files, state, signal }: BackfillOptions): Promise<void> {
  const refused: string[] = [];
  for (const file of files) {
    signal.throwIfAborted();
    if (state.stored(file)?.isDone === true) continue;
    const form = await createLineReader(file.path, signal).form();
    if (form.kind === 'refused') refused.push(`${file.name}: ${form.reason}.`);
  }
  if (refused.length === 0) return;
  const more = refused.length > NAMED_FILES ? [`${refused.length - NAMED_FILES} more files cannot be read.`] : [];
  throw new UsageError([...refused.slice(0, NAMED_FILES), ...more, 'Nothing was stored.'].join('\n'));
}

const NAMED_FILES = 10;

async function backfillFile(
  options: BackfillOptions,
  file: SourceFile,
  stored: FileCounts,
  onProgress: (lines: number, readBytes: number) => void,
): Promise<FileCounts> {
  const { state, pace, clock, signal } = options;
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
  { target, connectorId, clock, onBadLine, onDeletions }: BackfillOptions,
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
  bad.forEach(onBadLine);
  if (deletions > 0) onDeletions(deletions);
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
