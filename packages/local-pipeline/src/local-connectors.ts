/** The connectors of a pipeline on this machine: their file is written once, with a key of its own, and used again. */
import { randomBytes } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { loadConnectors, type Environment } from '@astrolabe/service-kit';
import type { Connector } from '@astrolabe/service-kit/connectors';
import { PipelineError } from '@astrolabe/service-kit/errors';

const DEMO_ID = 'demo';
const KEY_BYTES = 18;

export interface LocalConnectors {
  /** Everything in the file. */
  readonly all: readonly Connector[];
  /** The one to send with: `demo`, or the first enabled one of a file that somebody has edited. */
  readonly chosen: Connector;
}

/**
 * Reads the connectors file, creating it with a connector `demo` and a random key where there is none. Rejects with
 * `connectors.invalid`.
 */
export async function provideConnectors(path: string, env: Environment): Promise<LocalConnectors> {
  await createFile(path);
  const all = (await loadConnectors(path, env)).all();
  const enabled = all.filter((connector) => connector.enabled);
  const chosen = enabled.find(({ id }) => id === DEMO_ID) ?? enabled[0];
  if (chosen !== undefined) return { all, chosen };
  throw new PipelineError('connectors.invalid', `${path} has no enabled connector; enable one, or delete the file`, {
    retryable: false,
  });
}

async function createFile(path: string): Promise<void> {
  if (await exists(path)) return;
  const apiKey = `${DEMO_ID}_${randomBytes(KEY_BYTES).toString('base64url')}`;
  const text = `${JSON.stringify({ connectors: [{ id: DEMO_ID, name: 'Demo', apiKey }] }, null, 2)}\n`;
  // Written aside and linked, so that the file is whole whenever it exists and never replaces another.
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, text, { mode: 0o600 });
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await readFile(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
