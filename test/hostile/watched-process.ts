/**
 * A service or the operator's command as a process, whatever becomes of it: `spawnService` is for those that come up.
 */
import { launchService, type ProcessExit } from '@astrolabe/testkit';
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
  let text = '';
  const launched = await launchService({
    name: fileURLToPath(entry),
    entry,
    args,
    env,
    onLine: (line) => {
      text += `${line}\n`;
      // Its title may change once its configuration is read.
      void processText(launched.pid).then(
        (seen) => {
          if (!text.includes(seen)) text += seen;
        },
        () => undefined,
      );
    },
  });
  return {
    text: () => text,
    exited: launched.exited,
    // How it ends is not looked at.
    stop: () => launched.stop().catch(() => undefined),
  };
}
