/** A service or the operator's command as a process, whatever becomes of it: `spawnService` is for those that come up. */
import { machineEnvironment, spawnGuarded, type ProcessExit } from '@astrolabe/testkit';
import { fileURLToPath } from 'node:url';
import { processText } from './secrets.ts';

export interface WatchedProcess {
  /** All of its output so far, and what other users of the machine see of it. */
  text(): string;
  readonly exited: Promise<ProcessExit>;
  stop(): Promise<void>;
}

export async function watchProcess(
  entry: URL,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<WatchedProcess> {
  const running = await spawnGuarded({
    command: process.execPath,
    args: [fileURLToPath(entry), ...args],
    env: { ...machineEnvironment(), ...env },
    output: 'pipe',
    orphanGraceMs: 0,
  });
  let text = '';
  for (const stream of [running.child.stdout, running.child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      // Its title may change once its configuration is read.
      text += chunk;
      void processText(running.pid).then(
        (seen) => {
          if (!text.includes(seen)) text += seen;
        },
        () => undefined,
      );
    });
  }
  return {
    text: () => text,
    exited: running.exited,
    stop: async () => {
      await running.stop({ graceMs: 15_000 });
    },
  };
}
