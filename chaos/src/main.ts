import { writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { errorMessage } from '@astrolabe/service-kit/errors';
import { assertClusterPossible, runMain } from '@astrolabe/testkit';
import { parseArguments, usage, type ChaosArguments } from './arguments.ts';
import { renderReport } from './run/chaos-report.ts';
import { findShortestFailure, runChaos, type ChaosOptions } from './run/run-chaos.ts';

// At once: what a run leaves open must not keep the process.
process.exit(await runMain(parseArguments(process.argv.slice(2)), usage, run));

async function run({ seed, minutes, events, json, shrinkMinutes, logs }: ChaosArguments): Promise<number> {
  try {
    await assertClusterPossible(process.env);
  } catch (error) {
    console.error(`Chaos could not begin: ${errorMessage(error)}`);
    return 1;
  }
  const startMs = Date.now();
  const options: ChaosOptions = {
    seed,
    minutes,
    events,
    env: process.env,
    ...(logs === undefined ? {} : { logDirectory: resolve(process.env['INIT_CWD'] ?? '.', logs) }),
    onProgress: (line) => console.error(`${((Date.now() - startMs) / 1_000).toFixed(1).padStart(7)} s  ${line}`),
  };
  const report = await runChaos(options);
  const hasFailed = report.violations.length > 0;
  if (hasFailed) console.error(renderReport(report));
  const shortest =
    hasFailed && shrinkMinutes > 0 ? await findShortestFailure(options, report, shrinkMinutes * 60_000) : undefined;
  // Synchronously: the process ends at once, and a pipe would keep what is still buffered.
  writeSync(1, `${json ? JSON.stringify({ ...report, shortest }) : renderReport(report, shortest)}\n`);
  return hasFailed ? 1 : 0;
}
