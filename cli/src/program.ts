/** The operator's command: verbs, flags, help. Exit codes: `exit-codes.ts`. */
import { readFileSync } from 'node:fs';
import { createLogger, readConfig, type Environment } from '@astrolabe/service-kit';
import { systemClock, type Clock } from '@astrolabe/service-kit/clock';
import { errorMessage, isPipelineError } from '@astrolabe/service-kit/errors';
import { Command } from 'commander';
import { registerBackfill } from './backfill/backfill-command.ts';
import { progressOn, type Act, type CommandContext, type Terminal } from './command-context.ts';
import { schemasConfig, topicsConfig } from './config.ts';
import { registerConnectors } from './connectors/connectors-command.ts';
import { registerDlq } from './dlq/dlq-command.ts';
import { registerDoctor } from './doctor/doctor-command.ts';
import { visibleLine, visibleLines } from './core/visible-text.ts';
import { exitCodes, UsageError, type ExitCode } from './exit-codes.ts';
import { addChangeOptions, addClusterOption, addVerb, type ChangeFlags, type CommonFlags } from './flags.ts';
import { registerLag } from './lag/lag-command.ts';
import { createOutput } from './output.ts';
import { registerReplay } from './replay/replay-command.ts';
import { runSchemas } from './schemas-command.ts';
import { registerTail } from './tail/tail-command.ts';
import { registerTrace } from './trace/trace-command.ts';
import { runTopics } from './topics-command.ts';

const packageJson = new URL('../package.json', import.meta.url);

function versionOf(file: URL): string {
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
}

export interface ProgramEnvironment {
  readonly env: Environment;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Whether standard error is a terminal, so that a line can be drawn over. Default false. */
  readonly isTerminal?: boolean;
  /** Who answers questions. Default: nobody. */
  readonly terminal?: Terminal;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

/** Runs one invocation; resolves with its exit code. Never rejects. */
export async function runProgram(args: readonly string[], environment: ProgramEnvironment): Promise<number> {
  const { env, stdout, stderr, isTerminal = false, terminal, clock = systemClock } = environment;
  const signal = environment.signal ?? new AbortController().signal;
  let exitCode: ExitCode = exitCodes.done;
  const act: Act =
    (verb) =>
    async (...given) => {
      // commander gives the operands, the flags and itself.
      const flags = given.at(-2) as CommonFlags;
      const { bootstrapServer } = flags;
      const context: CommandContext = {
        env: bootstrapServer === undefined ? env : { ...env, KAFKA_BROKERS: bootstrapServer },
        output: createOutput(flags.json ?? false, stdout),
        terminal: flags.json === true ? undefined : terminal,
        clock,
        signal,
        note: (line) => stderr(`${visibleLine(line)}\n`),
        startProgress: progressOn({ stderr, isTerminal }, clock),
      };
      exitCode = await verb(context, flags as never, ...(given.slice(0, -2) as never[]));
    };
  const program = new Command('astrolabe')
    .description('Operates the pipeline from Segment to Astrolabe.')
    .version(versionOf(packageJson), '--version', 'print the version')
    .exitOverride()
    .configureOutput({ writeOut: stdout, writeErr: (text) => stderr(visibleLines(text)) })
    .showHelpAfterError('(add --help for the usage)')
    .addHelpText(
      'after',
      "\nConfiguration comes from the same environment variables as the services' (docs/configuration.md).\n" +
        'Exit codes: 0 done or in agreement, 1 something differs or failed, 2 wrong usage or configuration, 130 interrupted.',
    );
  registerContracts(program, act);
  registerConnectors(program, act);
  registerBackfill(program, act);
  registerDlq(program, act);
  registerReplay(program, act);
  registerLag(program, act);
  registerTail(program, act);
  registerDoctor(program, act);
  registerTrace(program, act);

  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    const usage = error as { code?: string; exitCode?: number };
    if (typeof usage.code === 'string' && usage.code.startsWith('commander.')) {
      return usage.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    }
    if (signal.aborted) {
      stderr('Interrupted.\n');
      return exitCodes.interrupted;
    }
    stderr(`${visibleLines(errorMessage(error))}\n`);
    const isUsage =
      error instanceof UsageError ||
      isPipelineError(error, 'config.invalid') ||
      isPipelineError(error, 'connectors.invalid');
    return isUsage ? exitCodes.usage : exitCodes.failed;
  }
}

function registerContracts(program: Command, act: Act): void {
  const topics = program.command('topics').description('the topics of the pipeline, as declared and as they are');
  const schemas = program.command('schemas').description('the Avro schemas of the commands in the registry');
  const topicsVerb = (mode: 'check' | 'apply') =>
    act((context, flags: ChangeFlags) => {
      const config = readConfig(topicsConfig, context.env);
      return runTopics(config, createLogger({ name: 'astrolabe', level: config.logLevel }), mode, context, flags);
    });
  const schemasVerb = (mode: 'check' | 'apply') =>
    act((context, flags: ChangeFlags) => runSchemas(readConfig(schemasConfig, context.env), mode, context, flags));
  addChangeOptions(
    addClusterOption(
      addVerb(
        topics,
        'apply',
        'shows what differs, and with --execute creates topics, adds partitions and sets configuration',
        ['KAFKA_BROKERS=localhost:9092 astrolabe topics apply --execute'],
      ),
    ),
  ).action(topicsVerb('apply'));
  addClusterOption(
    addVerb(topics, 'check', 'shows what differs; exit code 1 if anything does', ['astrolabe topics check --json']),
  ).action(topicsVerb('check'));
  addChangeOptions(
    addVerb(
      schemas,
      'apply',
      'shows which schemas are missing, and with --execute registers them (BACKWARD_TRANSITIVE)',
      ['SCHEMA_REGISTRY_URL=http://localhost:8081 astrolabe schemas apply --execute'],
    ),
  ).action(schemasVerb('apply'));
  addVerb(schemas, 'check', 'shows which schemas are missing; exit code 1 if any is', [
    'astrolabe schemas check --json',
  ]).action(schemasVerb('check'));
}
