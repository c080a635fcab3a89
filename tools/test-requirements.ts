/** What the test files that are to run need of this machine, asked for before the first of them runs. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage, isPipelineError } from '@astrolabe/service-kit/errors';
import { assertClusterPossible, assertStackPossible } from '@astrolabe/testkit';
import { findBrowser } from '@astrolabe/testkit/browser';

/** Everything that is missing, each with what to install. `brokerFiles`: relative to `root`. */
export async function findMissing(
  root: string,
  brokerFiles: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<string[]> {
  if (brokerFiles.length === 0) return [];
  const sources = await Promise.all(brokerFiles.map((file) => readFile(join(root, file), 'utf8')));
  const uses = (pattern: RegExp): boolean => sources.some((source) => pattern.test(source));
  const missing: string[] = [];
  const check = async (assertion: Promise<void>): Promise<boolean> => {
    try {
      await assertion;
      return true;
    } catch (error) {
      if (!isPipelineError(error)) throw error;
      missing.push(`${error.code}: ${errorMessage(error)}`);
      return false;
    }
  };
  const hasStack = await check(assertStackPossible(env));
  // Whatever the stack lacks includes what the cluster lacks.
  if (hasStack && uses(/\bstartLocalCluster\b|@astrolabe\/chaos/)) await check(assertClusterPossible(env));
  if (uses(/(testkit\/browser|\/real-console\.ts)'/)) {
    const browser = await findBrowser(env, process);
    if (browser.kind === 'missing') missing.push(browser.reason);
  }
  return missing;
}
