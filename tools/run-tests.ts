/**
 * Runs the tests of the whole repository:
 *
 *     node tools/run-tests.ts [--unit | --integration | --long] [filter...]
 *
 * Unit tests first; when they pass, the integration tests (`*.integration.test.ts` and everything under `test/e2e`)
 * against one local stack, which they find by `KAFKA_BROKERS` and `SCHEMA_REGISTRY_URL`. Long tests (`*.long.test.ts`)
 * need the stack too, and run only when they are asked for. A filter is a part of a file's path; a file runs when one
 * matches. The exit code is 0 only if something ran and all of it passed. What the machine lacks for them is said
 * before anything runs.
 */
import { glob, rm } from 'node:fs/promises';
import { availableParallelism, constants } from 'node:os';
import { join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import {
  describeProgress,
  spawnGuarded,
  stackEnvironment,
  startLocalStack,
  type GuardedProcess,
  type LocalStack,
} from '@astrolabe/testkit';
import { inStartOrder } from './test-order.ts';
import { findMissing } from './test-requirements.ts';
import { writeShards } from './unit-shards.ts';

const root = resolve(import.meta.dirname, '..');
const runTestFiles = join(import.meta.dirname, 'run-test-files.ts');
const fileDeadline = fileURLToPath(import.meta.resolve('../packages/testkit/src/test-file-deadline.ts'));

/** More brokers at one time than the memory of most machines has room for. */
const MAX_INTEGRATION_CONCURRENCY = 4;

const kinds = ['unit', 'integration', 'long'] as const;
type Kind = (typeof kinds)[number];

interface Phase {
  readonly name: string;
  readonly concurrency: number;
  readonly testTimeoutMs: number;
  /** For a whole process: tests that left something open would keep it running. */
  readonly fileTimeoutMs: number;
  /** For all of it: a test that never yields cannot be ended from within. */
  readonly timeoutMs: number;
}

/** `TEST_TIMEOUT_FACTOR` gives long forms of tests, and slow machines, so many times the time. */
const timeoutFactor = Number(process.env.TEST_TIMEOUT_FACTOR ?? 1);

/**
 * All of these are there to find what hangs, on a machine that does other work too: none of them judges how fast it is.
 */
const unit: Phase = {
  name: 'unit',
  concurrency: 2,
  testTimeoutMs: 180_000,
  fileTimeoutMs: 600_000,
  timeoutMs: 1_200_000,
};
/**
 * More than there are cores: they wait for brokers, time-outs and each other's processes, and with one more than cores
 * a fifth of the cores' time was left. Each keeps to topics and groups of its own.
 */
const integration: Phase = {
  name: 'integration',
  concurrency: Math.min(availableParallelism() + 2, MAX_INTEGRATION_CONCURRENCY),
  testTimeoutMs: 420_000,
  fileTimeoutMs: 1_200_000,
  timeoutMs: 3_600_000,
};

/** Each time-out of a test is multiplied by this (`timeout-factor.ts` of the testkit). */
const BASE_TIMEOUT_FACTOR = 3;

/** Between SIGTERM and SIGKILL for the test runner. */
const STOP_GRACE_MS = 5_000;

// For the stack that is started here, and for every process of tests.
process.env.ASTROLABE_TIMEOUT_FACTOR ??= String(BASE_TIMEOUT_FACTOR * timeoutFactor);

let runner: GuardedProcess | undefined;
let stack: LocalStack | undefined;
let interruptedBy: NodeJS.Signals | undefined;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);

try {
  process.exitCode = await main();
} catch (error) {
  console.error(isPipelineError(error) ? `${error.code}: ${error.message}` : error);
  process.exitCode = 1;
} finally {
  await stack?.stop();
}
if (interruptedBy !== undefined) process.exitCode = exitCodeOf(interruptedBy);

async function main(): Promise<number> {
  const { values, positionals: filters } = parseArgs({
    options: { unit: { type: 'boolean' }, integration: { type: 'boolean' }, long: { type: 'boolean' } },
    allowPositionals: true,
  });
  const asked = kinds.filter((kind) => values[kind]);
  const wanted: readonly Kind[] = asked.length === 0 ? ['unit', 'integration'] : asked;
  const files = (await findTestFiles()).filter(
    (file) => filters.length === 0 || filters.some((filter) => file.includes(filter)),
  );
  const chosen = files.filter((file) => wanted.includes(kindOf(file)));
  const unitFiles = chosen.filter((file) => kindOf(file) === 'unit');
  const brokerFiles = chosen.filter((file) => kindOf(file) !== 'unit');
  if (unitFiles.length + brokerFiles.length === 0) {
    console.error(`no test file matches${filters.length > 0 ? ` ${filters.join(' ')}` : ''}`);
    return 1;
  }

  const missing = await findMissing(root, brokerFiles, process.env);
  if (missing.length > 0) {
    for (const what of missing) console.error(what);
    return 1;
  }

  if (unitFiles.length > 0) {
    console.log(`unit tests: ${unitFiles.length} files, in a process for each workspace`);
    // A folder of its own for each run: two runs at once must not take each other's files.
    const folder = join(root, 'node_modules/.cache', `unit-tests-${process.pid}`);
    const shards = await writeShards(root, folder, unitFiles);
    const exitCode = await runPhase(unit, shards, {});
    await rm(folder, { recursive: true });
    if (exitCode !== 0) {
      if (brokerFiles.length > 0) console.error('integration tests not run: unit tests failed');
      return exitCode;
    }
  }
  if (brokerFiles.length === 0) return 0;
  console.log(`${wanted.filter((kind) => kind !== 'unit').join(' and ')} tests: ${brokerFiles.length} files`);
  stack = await startLocalStack({
    env: process.env,
    log: (line) => console.log(line),
    onProgress: (progress) => {
      if (progress.kind === 'finished') console.log(describeProgress(progress));
    },
  });
  return runPhase(integration, inStartOrder(brokerFiles), stackEnvironment(stack));
}

async function runPhase(
  phase: Phase,
  files: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<number> {
  if (interruptedBy !== undefined) return exitCodeOf(interruptedBy);
  runner = await spawnGuarded({
    command: process.execPath,
    args: [
      runTestFiles,
      `--concurrency=${phase.concurrency}`,
      `--timeout=${phase.testTimeoutMs * timeoutFactor}`,
      `--preload=${fileDeadline}`,
      ...files,
    ],
    env: {
      // A process for each file compiles the same modules again and again; with Node's cache that is a third less work.
      NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'node-compile'),
      ...process.env,
      ...env,
      ASTROLABE_TEST_FILE_TIMEOUT_MS: String(phase.fileTimeoutMs * timeoutFactor),
    },
    cwd: root,
    output: 'inherit',
    orphanGraceMs: STOP_GRACE_MS,
  });
  const running = runner;
  const limit = setTimeout(() => {
    console.error(`${phase.name} tests: still running after ${phase.timeoutMs * timeoutFactor} ms, ended`);
    void running.stop({ graceMs: STOP_GRACE_MS });
  }, phase.timeoutMs * timeoutFactor);
  const { code, signal } = await running.exited;
  clearTimeout(limit);
  runner = undefined;
  return signal === null ? (code ?? 1) : exitCodeOf(signal);
}

/** Relative to the repository, with slashes, sorted. */
async function findTestFiles(): Promise<string[]> {
  const files: string[] = [];
  const exclude = (path: string): boolean => /(^|[\\/])(node_modules|\.[^\\/]+)$/.test(path);
  for await (const path of glob('**/*.test.ts', { cwd: root, exclude }))
    files.push(relative(root, resolve(root, path)).replaceAll(sep, '/'));
  return files.sort();
}

function kindOf(file: string): Kind {
  if (file.endsWith('.long.test.ts')) return 'long';
  return file.endsWith('.integration.test.ts') || file.startsWith('test/e2e/') ? 'integration' : 'unit';
}

/**
 * The first signal ends what runs, in order; a second one, or one while the stack is starting, ends this process at
 * once, and the guardian ends the rest.
 */
function interrupt(signal: NodeJS.Signals): void {
  if (interruptedBy !== undefined || runner === undefined) process.exit(exitCodeOf(signal));
  interruptedBy = signal;
  void runner.stop({ graceMs: STOP_GRACE_MS });
}

function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
