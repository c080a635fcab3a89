/** A backfill, audited. */
import { runBackfill, type BackfillOptions, type BackfillOutcome } from '../backfill/run-backfill.ts';
import { refused, type Auditor } from './auditor.ts';

/** Files that a record names. */
const NAMED_FILES = 20;

/** `target` is there: what only validates is not audited. */
export function auditedBackfill(
  auditor: Auditor,
  options: BackfillOptions & { readonly target: NonNullable<BackfillOptions['target']> },
): Promise<BackfillOutcome> {
  const { files, connectorId, linesPerSecond } = options;
  const named = files.slice(0, NAMED_FILES).map(({ path, sizeBytes }) => ({ path, sizeBytes }));
  return auditor(
    {
      action: 'backfill',
      about: `connector ${connectorId}`,
      request: { files: files.length, named, linesPerSecond },
    },
    () => runBackfill(options),
    (outcome) =>
      outcome.kind === 'done'
        ? { kind: 'done', counts: countsOf(outcome.report) }
        : refused(`${outcome.refused.length} of the files are in a form that is not supported`),
  );
}

function countsOf(report: object): Record<string, number> {
  const entries = Object.entries(report).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
  return Object.fromEntries(entries);
}
