/** `astrolabe backfill`: archives of events into the event topic. */
import {
  auditedBackfill,
  findConnector,
  findFiles,
  openBackfillState,
  openConnectorsDocument,
  runBackfill,
  type Auditor,
  type BackfillOptions,
  type BackfillState,
  type BadLine,
  type SourceFile,
} from '@astrolabe/operations';
import { formatBytes, formatCounted } from '@astrolabe/operations/quantities';
import { topicsFor } from '@astrolabe/records';
import { readConfig } from '@astrolabe/service-kit';
import { Option, type Command } from 'commander';
import { withAuditor } from '../audit/audited.ts';
import { withCluster } from '../cluster.ts';
import { isAgreed, type Act, type CommandContext } from '../command-context.ts';
import { backfillConfig, connectorsConfig } from '../config.ts';
import { exitCodes, UsageError, type ExitCode } from '../exit-codes.ts';
import { addChangeOptions, addClusterOption, addVerb, readCount, type ChangeFlags } from '../flags.ts';
import { connectorUsage } from '../refusals.ts';
import { backfillUsage, describeBackfill } from './backfill-lines.ts';

interface BackfillFlags extends ChangeFlags {
  readonly connector: string;
  readonly rate?: number;
  readonly stateFile?: string;
  readonly dryRun?: boolean;
}

export function registerBackfill(program: Command, act: Act): void {
  const verb = addVerb(
    program,
    'backfill <path...>',
    'store archived events on the event topic, as if they were sent now',
    [
      'astrolabe backfill --connector acme segment-logs/ --dry-run',
      'astrolabe backfill --connector acme segment-logs/ --rate 2000 --state-file acme.backfill --execute',
    ],
  );
  addChangeOptions(addClusterOption(verb))
    .addHelpText(
      'after',
      [
        '',
        "Reads JSON, plain or compressed with gzip or zstd: one event per line (Segment's raw archives as they are), arrays of",
        'events, or concatenated events. Files in other formats are refused before anything is stored. A folder stands for all',
        'files below it. Every event keeps its messageId, so running a backfill twice changes nothing in Astrolabe; an event',
        'without one gets an id derived from its file, line and content. Bad lines are printed and dead-lettered; the exit code',
        "is then 1. Files are trusted like the connector's API key: delete and unsuppress events in them take effect.",
      ].join('\n'),
    )
    .requiredOption('--connector <id>', 'connector that the events belong to')
    .addOption(new Option('--rate <events>', 'at most this many per second').argParser(readCount))
    .option('--state-file <path>', 'record progress in this file; a later run with it resumes there')
    .option('--dry-run', 'validate every line, and store nothing')
    .action(act((context, flags: BackfillFlags, paths: readonly string[]) => backfill(context, flags, paths)));
}

async function backfill(context: CommandContext, flags: BackfillFlags, paths: readonly string[]): Promise<ExitCode> {
  const files = await filesAt(paths);
  const { connectorsFile } = readConfig(connectorsConfig, context.env);
  const found = findConnector(await openConnectorsDocument(connectorsFile), flags.connector);
  if (found.kind !== 'found') throw connectorUsage(found);
  if (flags.dryRun === true) {
    return run(context, flags, files, await stateAt(undefined, flags.connector, ''));
  }
  const config = readConfig(backfillConfig, context.env);
  const events = topicsFor(config.kafkaTopicPrefix).segmentEvents.name;
  const state = await stateAt(flags.stateFile, flags.connector, events);
  const size = formatBytes(files.reduce((sum, file) => sum + file.sizeBytes, 0));
  const what = `${formatCounted(files.length, 'file')} (${size})`;
  if (!(await isAgreed(context, flags, `Backfill ${what} into ${events} for connector "${flags.connector}"?`))) {
    return exitCodes.failed;
  }
  return withCluster(
    context,
    config,
    async (cluster) => {
      const deadLetters = cluster.topics.segmentEventsDeadLetters.name;
      const producer = await cluster.openProducer([events, deadLetters]);
      try {
        const target = { producer, events, deadLetters };
        return await withAuditor(context, cluster, (auditor) => run(context, flags, files, state, { auditor, target }));
      } finally {
        await producer.close();
      }
    },
    { clientName: 'backfill' },
  );
}

async function filesAt(paths: readonly string[]): Promise<readonly SourceFile[]> {
  const found = await findFiles(paths);
  if (found.kind !== 'files') throw backfillUsage(found);
  if (found.files.length === 0) throw new UsageError(`There are no files in ${paths.join(', ')}.`);
  return found.files;
}

async function stateAt(path: string | undefined, connector: string, topic: string): Promise<BackfillState> {
  const opened = await openBackfillState(path, connector, topic);
  if (opened.kind !== 'state') throw backfillUsage(opened);
  return opened.state;
}

/** Bad lines that are printed; all of them are on the dead-letter topic. */
const NAMED_LINES = 20;

async function run(
  context: CommandContext,
  flags: BackfillFlags,
  files: readonly SourceFile[],
  state: BackfillState,
  stored?: { readonly auditor: Auditor; readonly target: NonNullable<BackfillOptions['target']> },
): Promise<ExitCode> {
  const { clock, signal, output, startProgress } = context;
  const target = stored?.target;
  const progress = startProgress(target === undefined ? 'checking' : 'backfill', 'events');
  const startedAtMs = clock.monotonicMs();
  const badLines: BadLine[] = [];
  let bad = 0;
  let deletions = 0;
  const onEvent: BackfillOptions['onEvent'] = (event) => {
    if (event.kind === 'progress') progress.update(event.progress);
    else if (event.kind === 'deletions') deletions += event.count;
    else {
      bad += 1;
      const { place, reason, code } = event.line;
      if (bad <= NAMED_LINES) {
        badLines.push(event.line);
        progress.note(`${place}: ${reason} (${code})`);
      } else if (bad === NAMED_LINES + 1) progress.note('more bad lines are not printed');
    }
  };
  const { connector: connectorId, rate: linesPerSecond } = flags;
  const options = { files, connectorId, state, linesPerSecond, clock, signal, onEvent };
  const running =
    stored === undefined
      ? runBackfill({ ...options, target })
      : auditedBackfill(stored.auditor, { ...options, target: stored.target });
  const outcome = await running.catch((error: unknown) => {
    progress.end();
    if (target !== undefined) progress.note(howToResume(flags));
    throw error;
  });
  progress.end();
  if (outcome.kind !== 'done') throw backfillUsage(outcome);
  const { report } = outcome;
  const isDryRun = target === undefined;
  const tookMs = clock.monotonicMs() - startedAtMs;
  output.result(
    { connector: connectorId, dryRun: isDryRun, ...report, deletions, badLines },
    describeBackfill(report, { deletions, tookMs, deadLetterTopic: target?.deadLetters }),
  );
  return report.deadLetters > 0 ? exitCodes.failed : exitCodes.done;
}

function howToResume({ stateFile }: BackfillFlags): string {
  return stateFile === undefined
    ? 'Run it again: events that are stored twice count once.'
    : `Run it again with --state-file ${stateFile} to resume.`;
}
