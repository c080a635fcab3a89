/** Topics and schemas of a revision, declared by its own command line as an operator does. */
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { errorMessage } from '@astrolabe/service-kit/errors';
import { scaledTimeoutMs } from '@astrolabe/testkit';

const run = promisify(execFile);
const VERBS = ['topics', 'schemas'] as const;
/** Brokers and registry may be disturbed meanwhile: the operator tries again. */
const GIVE_UP_AFTER_MS = scaledTimeoutMs(90_000);
const ATTEMPT_MS = scaledTimeoutMs(30_000);
const PAUSE_MS = 1_000;

/**
 * `topics apply` and then `schemas apply`. `folder`: the root of its tree. `env`: the whole environment of the command.
 * Rejects with what it prints where it does not come to its end.
 */
export async function applyContractsOf(folder: URL, env: Readonly<Record<string, string>>): Promise<void> {
  const program = fileURLToPath(new URL('cli/src/main.ts', folder));
  const giveUpAtMs = performance.now() + GIVE_UP_AFTER_MS;
  for (const verb of VERBS) {
    const args = [program, verb, 'apply', '--execute'];
    await untilDone(() => run(process.execPath, args, { env, timeout: ATTEMPT_MS }), giveUpAtMs);
  }
}

async function untilDone(action: () => Promise<unknown>, giveUpAtMs: number): Promise<void> {
  for (;;) {
    try {
      await action();
      return;
    } catch (error) {
      if (performance.now() > giveUpAtMs) throw new Error(describe(error), { cause: error });
      await sleep(PAUSE_MS);
    }
  }
}

function describe(error: unknown): string {
  const { stdout = '', stderr = '' } = error as { readonly stdout?: string; readonly stderr?: string };
  return `${errorMessage(error)}\n${stdout}${stderr}`.trim();
}
