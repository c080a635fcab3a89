/** A backfill in words: what it did, and why it did nothing. Pure. */
import type { BackfillOutcome, BackfillReport, FoundFiles, OpenedState } from '@astrolabe/operations';
import { formatCounted, formatDuration } from '@astrolabe/operations/quantities';
import { UsageError } from '../exit-codes.ts';

const NAMED_FILES = 10;

export function describeBackfill(
  { files, lines, events, deadLetters, empty, resumedLines }: BackfillReport,
  {
    deletions,
    tookMs,
    deadLetterTopic,
  }: {
    readonly deletions: number;
    readonly tookMs: number;
    /** Undefined: nothing was stored. */
    readonly deadLetterTopic: string | undefined;
  },
): string[] {
  const isDryRun = deadLetterTopic === undefined;
  const what = `${formatCounted(events, 'event')} from ${formatCounted(lines, 'line')} in ${formatCounted(files, 'file')}`;
  return [
    `${isDryRun ? 'Checked' : 'Stored'} ${what}, ${formatDuration(tookMs)}.`,
    ...(deletions > 0
      ? [
          `${formatCounted(deletions, 'deletion or unsuppression', 'deletions or unsuppressions')} of users ${isDryRun ? 'would take' : 'took'} effect: files are trusted like the API key.`,
        ]
      : []),
    ...(resumedLines > 0 ? [`Of these, ${formatCounted(resumedLines, 'line')} stored by an earlier run.`] : []),
    ...(empty > 0 ? [`${formatCounted(empty, 'empty line')} skipped.`] : []),
    ...(deadLetters > 0
      ? [`${formatCounted(deadLetters, 'bad line')}${isDryRun ? '' : ` stored on ${deadLetterTopic}`}.`]
      : []),
  ];
}

export function backfillUsage(
  refusal:
    | Exclude<FoundFiles, { kind: 'files' }>
    | Exclude<OpenedState, { kind: 'state' }>
    | Exclude<BackfillOutcome, { kind: 'done' }>,
): UsageError {
  switch (refusal.kind) {
    case 'unreadable-path':
      return new UsageError(`${refusal.name} cannot be read: ${refusal.reason}`);
    case 'unreadable-state':
      return new UsageError(`${refusal.path} cannot be read: ${refusal.reason}`);
    case 'not-a-state':
      return new UsageError(`${refusal.path} is not a state file of a backfill; use another file, or delete it.`);
    case 'other-backfill': {
      const { path, connector, topic } = refusal;
      return new UsageError(
        `${path} is the state of a backfill of connector ${connector} into ${topic}; use another file.`,
      );
    }
    case 'refused-files': {
      const { refused } = refusal;
      const named = refused.slice(0, NAMED_FILES).map(({ name, reason }) => `${name}: ${reason}.`);
      const left = refused.length - NAMED_FILES;
      const more = left > 0 ? [`${formatCounted(left, 'more file')} cannot be read.`] : [];
      return new UsageError([...named, ...more, 'Nothing was stored.'].join('\n'));
    }
  }
}
