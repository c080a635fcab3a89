/** The operator's command: verbs, flags, help. Exit codes: 0 done or in agreement, 1 differs or failed, 2 wrong usage or configuration. */
import { createLogger, errorMessage, isPipelineError, readConfig, type Environment } from '@astrolabe/service-kit';
import { Command } from 'commander';
import { schemasConfig, topicsConfig } from './config.ts';
import { createOutput, type CommandOutput } from './output.ts';
import { runSchemas } from './schemas-command.ts';
import { runTopics } from './topics-command.ts';

export interface ProgramEnvironment {
  readonly env: Environment;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
}

interface Flags {
  readonly json?: boolean;
  readonly execute?: boolean;
}

/** Runs one invocation; resolves with its exit code. Never rejects. */
export async function runProgram(
  args: readonly string[],
  { env, stdout, stderr }: ProgramEnvironment,
): Promise<number> {
  let exitCode = 0;
  const act =
    (verb: (execute: boolean, output: CommandOutput) => Promise<boolean>) =>
    async (flags: Flags): Promise<void> => {
      const agrees = await verb(flags.execute ?? false, createOutput(flags.json ?? false, stdout));
      exitCode = agrees ? 0 : 1;
    };
  const program = new Command('astrolabe')
    .description('Operates the pipeline from Segment to Astrolabe.')
    .exitOverride()
    .configureOutput({ writeOut: stdout, writeErr: stderr })
    .showHelpAfterError('(add --help for the usage)');

  const topics = program.command('topics').description('the topics of the pipeline, as declared and as they are');
  const schemas = program.command('schemas').description('the Avro schemas of the commands in the registry');
  const runTopicsVerb = act((execute, output) => {
    const config = readConfig(topicsConfig, env);
    return runTopics(config, createLogger({ name: 'astrolabe', level: config.logLevel }), execute, output);
  });
  const runSchemasVerb = act((execute, output) => runSchemas(readConfig(schemasConfig, env), execute, output));
  topics
    .command('apply')
    .description('shows what differs, and with --execute creates topics, adds partitions and sets configuration')
    .option('--execute', 'make the changes')
    .option('--json', 'print one line of JSON')
    .addHelpText('after', '\nExample:\n  KAFKA_BROKERS=localhost:9092 astrolabe topics apply --execute')
    .action(runTopicsVerb);
  topics
    .command('check')
    .description('shows what differs; exit code 1 if anything does')
    .option('--json', 'print one line of JSON')
    .action(runTopicsVerb);
  schemas
    .command('apply')
    .description('shows which schemas are missing, and with --execute registers them (BACKWARD_TRANSITIVE)')
    .option('--execute', 'make the changes')
    .option('--json', 'print one line of JSON')
    .addHelpText('after', '\nExample:\n  SCHEMA_REGISTRY_URL=http://localhost:8081 astrolabe schemas apply --execute')
    .action(runSchemasVerb);
  schemas
    .command('check')
    .description('shows which schemas are missing; exit code 1 if any is')
    .option('--json', 'print one line of JSON')
    .action(runSchemasVerb);

  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    const usage = error as { code?: string; exitCode?: number };
    if (typeof usage.code === 'string' && usage.code.startsWith('commander.')) return usage.exitCode === 0 ? 0 : 2;
    stderr(`${errorMessage(error)}\n`);
    return isPipelineError(error, 'config.invalid') ? 2 : 1;
  }
}
