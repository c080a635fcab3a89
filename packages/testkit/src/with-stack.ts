/**
 * Runs a command with a local stack beside it:
 *
 *     node packages/testkit/src/with-stack.ts [--data DIR] -- command argument...
 *
 * The command finds `KAFKA_BROKERS` and `SCHEMA_REGISTRY_URL` in its environment; its exit code is passed on (128 and
 * the number of the signal that ended it). What this program has to say goes to standard error.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { parseArgs } from 'node:util';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import { guardian } from './process/guardian-client.ts';
import { startLocalStack } from './stack-choice/local-stack.ts';
import { stackEnvironment } from './stack-choice/stack-environment.ts';
import { describeProgress } from './stack/stack-progress.ts';

const USAGE = 'usage: node packages/testkit/src/with-stack.ts [--data DIR] -- command argument...';
const USAGE_EXIT_CODE = 64;
/** Between SIGTERM and SIGKILL for a command whose owner died. */
const ORPHAN_GRACE_MS = 2_000;

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(isPipelineError(error) ? `${error.code}: ${error.message}` : error);
  process.exitCode = 1;
}

async function main(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    options: { data: { type: 'string' } },
    allowPositionals: true,
  });
  const [command, ...args] = positionals;
  if (command === undefined) {
    console.error(USAGE);
    return USAGE_EXIT_CODE;
  }
  const stack = await startLocalStack({
    env: process.env,
    ...(values.data === undefined ? {} : { dataDir: values.data }),
    log: (line) => console.error(line),
    onProgress: (progress) => {
      if (progress.kind !== 'running') console.error(describeProgress(progress));
    },
  });
  try {
    return await run(command, args, { ...process.env, ...stackEnvironment(stack) });
  } finally {
    await stack.stop();
  }
}

async function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(command, args, { env, stdio: 'inherit' });
  // On a terminal Ctrl-C reaches the command too; either way it is the command that decides when it has had enough.
  const forward = (signal: NodeJS.Signals) => void child.kill(signal);
  const forwarded = ['SIGTERM', 'SIGHUP'] as const;
  const ignore = () => undefined;
  for (const signal of forwarded) process.on(signal, forward);
  process.on('SIGINT', ignore);
  try {
    const ended = new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]));
    });
    if (child.pid !== undefined) {
      const target = { pid: child.pid, graceMs: ORPHAN_GRACE_MS, group: false };
      await (await guardian()).watch({ process: target, paths: [] });
    }
    return await ended;
  } finally {
    for (const signal of forwarded) process.off(signal, forward);
    process.off('SIGINT', ignore);
  }
}
