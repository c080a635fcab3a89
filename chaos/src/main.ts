import { writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { errorMessage } from '@astrolabe/service-kit/errors';
import { assertClusterPossible, runMain } from '@astrolabe/testkit';
import { parseArguments, usage, type ChaosArguments } from './arguments.ts';
import { renderReport } from './run/chaos-report.ts';
import { findShortestFailure, runChaos, type ChaosOptions } from './run/run-chaos.ts';
import { openUpgrade, type OpenedUpgrade } from './upgrade/open-upgrade.ts';
import { upgradeFaults } from './upgrade/upgrade-report.ts';

/** sysexits' EX_TEMPFAIL: this copy of the repository cannot do it. */
const CANNOT_HERE = 75;

// At once: what a run leaves open must not keep the process.
process.exit(await runMain(parseArguments(process.argv.slice(2)), usage, run));

async function run(asked: ChaosArguments): Promise<number> {
  const startMs = Date.now();
  const onProgress = (line: string): void => {
    console.error(`${((Date.now() - startMs) / 1_000).toFixed(1).padStart(7)} s  ${line}`);
  };
  let upgrade: OpenedUpgrade | undefined;
  try {
    await assertClusterPossible(process.env);
    if (asked.upgradeFrom !== undefined)
      upgrade = await openUpgrade(asked.upgradeFrom, { env: process.env, onProgress });
  } catch (error) {
    console.error(`Chaos could not begin: ${errorMessage(error)}`);
    return 1;
  }
  if (upgrade === undefined) return runAndReport(asked, onProgress);
  if (upgrade.kind !== 'open') {
    console.error(`Chaos could not begin: ${upgrade.reason}`);
    return upgrade.kind === 'no-history' ? CANNOT_HERE : 1;
  }
  try {
    return await runAndReport(asked, onProgress, upgrade);
  } finally {
    await upgrade.close();
  }
}

async function runAndReport(
  { seed, minutes, events, json, shrinkMinutes, logs }: ChaosArguments,
  onProgress: (line: string) => void,
  upgrade?: NonNullable<ChaosOptions['upgrade']>,
): Promise<number> {
  const options: ChaosOptions = {
    seed,
    minutes,
    events,
    env: process.env,
    ...(logs === undefined ? {} : { logDirectory: resolve(process.env['INIT_CWD'] ?? '.', logs) }),
    ...(upgrade === undefined ? {} : { upgrade }),
    onProgress,
  };
  const report = await runChaos(options);
  const isBroken = report.violations.length > 0;
  if (isBroken) console.error(renderReport(report));
  const shortest =
    isBroken && shrinkMinutes > 0 ? await findShortestFailure(options, report, shrinkMinutes * 60_000) : undefined;
  // Synchronously: the process ends at once, and a pipe would keep what is still buffered.
  writeSync(1, `${json ? JSON.stringify({ ...report, shortest }) : renderReport(report, shortest)}\n`);
  const hasFailed = isBroken || (report.upgrade !== undefined && upgradeFaults(report.upgrade).length > 0);
  return hasFailed ? 1 : 0;
}
