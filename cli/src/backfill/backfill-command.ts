/** `astrolabe backfill`: archives of events into the event topic. */
import { connectionFromConfig, createRecordProducer } from '@astrolabe/kafka';
import { topicsFor } from '@astrolabe/records';
import { createLogger, readConfig } from '@astrolabe/service-kit';
import { Option, type Command } from 'commander';
import { isAgreed, type Act, type CommandContext } from '../command-context.ts';
import { backfillConfig, connectorsConfig } from '../config.ts';
import { openConnectorsDocument, placeOf } from '../connectors/connectors-document.ts';
import { formatDuration } from '../core/durations.ts';
import { formatBytes, formatCount } from '../core/table.ts';
import { exitCodes, UsageError, type ExitCode } from '../exit-codes.ts';
import { addChangeOptions, addClusterOption, addVerb, readCount, type ChangeFlags } from '../flags.ts';
import { createPace } from '../pace.ts';
import { reachBrokers } from '../reach-brokers.ts';
import { openBackfillState, type BackfillState } from './backfill-state.ts';
import { findFiles, type SourceFile } from './find-files.ts';
import { runBackfill, type BackfillOptions, type BackfillReport, type BadLine } from './run-backfill.ts';

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
    'files of events into the event topic, as if they were sent now',
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
        "Takes JSON, plain or compressed by gzip or zstd: an event a line (Segment's raw archives as they are), arrays of events, or",
        'events one behind the other. A file in another form is refused before anything is stored. A folder stands for all files',
        'below it. Every event keeps its messageId, so running it twice changes nothing in Astrolabe; an event without one gets one',
        'from its file, line and content. A bad line is named and goes to the dead letters; the exit code is then 1.',
        "Your files are trusted as the connector's API key is: delete and unsuppress events in them take effect.",
      ].join('\n'),
    )
    .requiredOption('--connector <id>', 'whose events they are')
    .addOption(new Option('--rate <events>', 'events a second at most').argParser(readCount))
    .option('--state-file <path>', 'keeps how far it has come; started again with it, it goes on from there')
    .option('--dry-run', 'judges every line and stores nothing')
    .action(act((context, flags: BackfillFlags, paths: readonly string[]) => backfill(context, flags, paths)));
}

/** Bad lines that are named on the screen; all of them are on the dead-letter topic. */
const NAMED_LINES = 20;

async function backfill(context: CommandContext, flags: BackfillFlags, paths: readonly string[]): Promise<ExitCode> {
  const files = await findFiles(paths);
  if (files.length === 0) throw new UsageError(`There are no files in ${paths.join(', ')}.`);
  const { connectorsFile } = readConfig(connectorsConfig, context.env);
  placeOf(await openConnectorsDocument(connectorsFile), flags.connector);
  if (flags.dryRun === true) {
    return report(context, flags, files, await openBackfillState(undefined, flags.connector, ''), undefined);
  }
  const config = readConfig(backfillConfig, context.env);
  const topics = topicsFor(config.kafkaTopicPrefix);
  const events = topics.segmentEvents.name;
  const state = await openBackfillState(flags.stateFile, flags.connector, events);
  const size = formatBytes(files.reduce((sum, file) => sum + file.sizeBytes, 0));
  const what = `${formatCount(files.length)} ${files.length === 1 ? 'file' : 'files'} (${size})`;
  if (!(await isAgreed(context, flags, `Backfill ${what} into ${events} for connector "${flags.connector}"?`))) {
    return exitCodes.failed;
  }
  const logger = createLogger({ name: 'astrolabe', level: config.logLevel });
  await reachBrokers(context, config);
  const connection = connectionFromConfig(config, 'backfill', logger);
  const producer = await createRecordProducer({ connection, logger, deliveryTimeoutMs: 60_000 });
  try {
    const target = { producer, events, deadLetters: topics.segmentEventsDeadLetters.name };
    return await report(context, flags, files, state, target);
  } finally {
    await producer.close();
  }
}

async function report(
  { clock, signal, output, startProgress }: CommandContext,
  flags: BackfillFlags,
  files: readonly SourceFile[],
  state: BackfillState,
  target: BackfillOptions['target'],
): Promise<ExitCode> {
  const progress = startProgress(flags.dryRun === true ? 'checking' : 'backfill', 'events');
  const startedAtMs = clock.monotonicMs();
  const bad: BadLine[] = [];
  let badLines = 0;
  let deletions = 0;
  let result: BackfillReport;
  try {
    result = await runBackfill({
      files,
      connectorId: flags.connector,
      target,
      state,
      pace: createPace(flags.rate, clock),
      clock,
      signal,
      onBadLine: (line) => {
        badLines += 1;
        if (bad.length < NAMED_LINES) {
          bad.push(line);
          progress.note(`${line.place}: ${line.reason} (${line.code})`);
        } else if (badLines === NAMED_LINES + 1) progress.note('more bad lines are not named here');
      },
      onDeletions: (count) => (deletions += count),
      onProgress: (done, share) => progress.update(done, { share }),
    });
  } catch (error) {
    progress.end();
    if (target !== undefined && !(error instanceof UsageError)) {
      const again =
        flags.stateFile === undefined
          ? 'Run it again: what is stored twice counts once.'
          : `Run it again with --state-file ${flags.stateFile} to go on.`;
      progress.note(again);
    }
    throw error;
  }
  progress.end();
  const { lines, events, deadLetters, empty, resumedLines } = result;
  const verb = target === undefined ? 'Checked' : 'Stored';
  output.result({ connector: flags.connector, dryRun: target === undefined, ...result, deletions, badLines: bad }, [
    `${verb} ${formatCount(events)} events of ${formatCount(lines)} lines in ${formatCount(files.length)} files, ${formatDuration(clock.monotonicMs() - startedAtMs)}.`,
    ...(deletions > 0
      ? [
          `${formatCount(deletions)} of them delete a user or undo that, and ${target === undefined ? 'would take' : 'take'} effect: a file is trusted as the API key is.`,
        ]
      : []),
    ...(resumedLines > 0 ? [`${formatCount(resumedLines)} lines were stored by an earlier run.`] : []),
    ...(empty > 0 ? [`${formatCount(empty)} lines were empty.`] : []),
    ...(deadLetters > 0
      ? [
          `${formatCount(deadLetters)} lines are no events${target === undefined ? '' : `; they are on ${target.deadLetters}`}.`,
        ]
      : []),
  ]);
  return deadLetters > 0 ? exitCodes.failed : exitCodes.done;
}
