/** The operator's command: verbs, flags, help. Exit codes: `exit-codes.ts`. */
import { pipelineVersion, type Environment } from '@astrolabe/service-kit';
import { systemClock, type Clock } from '@astrolabe/service-kit/clock';
import { errorMessage, isPipelineError } from '@astrolabe/service-kit/errors';
import { Command } from 'commander';
import { registerAcls } from './acls/acls-command.ts';
import { registerBackfill } from './backfill/backfill-command.ts';
import { progressOn, type Act, type CommandContext, type Terminal } from './command-context.ts';
import { registerConnectors } from './connectors/connectors-command.ts';
import { registerConsole } from './console/console-command.ts';
import { visibleLine, visibleLines } from '@astrolabe/service-kit/terminal';
import { registerDlq } from './dlq/dlq-command.ts';
import { registerDoctor } from './doctor/doctor-command.ts';
import { exitCodes, UsageError, type ExitCode } from './exit-codes.ts';
import type { CommonFlags } from './flags.ts';
import { registerLag } from './lag/lag-command.ts';
import { createOutput } from './output.ts';
import { registerReplay } from './replay/replay-command.ts';
import { registerSchemas } from './schemas-command.ts';
import { registerTail } from './tail/tail-command.ts';
import { registerTopics } from './topics-command.ts';
import { registerTrace } from './trace/trace-command.ts';

export interface ProgramEnvironment {
  readonly env: Environment;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Whether standard error is a terminal, so that a line can be overwritten. Default false. */
  readonly isTerminal?: boolean;
  /** Where questions are asked. Default: nowhere. */
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
      // commander passes the operands, the flags and itself.
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
    .version(pipelineVersion, '--version', 'print the version')
    .exitOverride()
    .configureOutput({ writeOut: stdout, writeErr: (text) => stderr(visibleLines(text)) })
    .showHelpAfterError('(use --help for usage)')
    .addHelpText(
      'after',
      '\nUses the same environment variables as the services (docs/configuration.md).\n' +
        'Exit codes: 0 done, or nothing differs; 1 something differs or failed; 2 wrong usage or configuration; 130 interrupted.',
    );
  registerTopics(program, act);
  registerAcls(program, act);
  registerSchemas(program, act);
  registerConnectors(program, act);
  registerBackfill(program, act);
  registerDlq(program, act);
  registerReplay(program, act);
  registerLag(program, act);
  registerTail(program, act);
  registerDoctor(program, act);
  registerTrace(program, act);
  registerConsole(program, act);

  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    return exitCodeOf(error, signal, stderr);
  }
}

/** Prints what went wrong, except what commander has printed already. */
function exitCodeOf(error: unknown, signal: AbortSignal, stderr: (text: string) => void): ExitCode {
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
