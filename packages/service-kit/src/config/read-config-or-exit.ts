import type { ConfigDefinition } from './config.ts';
import { isPipelineError } from '../errors/errors.ts';
import { describeConfig, readConfig, type Environment } from './read-config.ts';

/** The parts of `process` that are used. */
export interface ConfigProcess {
  readonly env: Environment;
  readonly argv: readonly string[];
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  exit(code: number): never;
}

/**
 * The first line of a `main.ts`: reads the configuration, or says on standard error what is wrong with it and exits 2,
 * before anything is opened. With the argument `--check-config` it prints the settings in effect as JSON, secrets
 * hidden, and exits 0.
 */
export function readConfigOrExit<Values>(
  definition: ConfigDefinition<Values>,
  process: ConfigProcess,
): Readonly<Values> {
  let config: Readonly<Values>;
  try {
    config = readConfig(definition, process.env);
  } catch (error) {
    if (!isPipelineError(error, 'config.invalid')) throw error;
    process.stderr.write(`${error.message}\n`);
    return process.exit(2);
  }
  if (process.argv.includes('--check-config')) {
    process.stdout.write(`${JSON.stringify(describeConfig(definition, config), null, 2)}\n`);
    return process.exit(0);
  }
  return config;
}
