/**
 * The guardian process: ends what an owner started when the owner is gone, however it went (kill -9 included). It
 * learns of that by the end of its IPC channel, which the kernel closes with the owner. It leads a session of its own
 * and ignores the terminal's signals, so that Ctrl-C reaches the owner first and the owner stops its parts in order.
 */
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GuardianAnswer, GuardianRequest, Ward } from './guardian-protocol.ts';
import { isRunning, signalGroup } from './process-state.ts';

const POLL_MS = 50;
/** The kernel needs a moment to take down a large process after SIGKILL; removing its files before would leave some. */
const KILL_WAIT_MS = 5_000;

const wards = new Map<number, Ward>();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

process.on('message', (request: GuardianRequest) => {
  if (request.kind === 'watch') wards.set(request.ward.id, request.ward);
  else wards.delete(request.wardId);
  const answer: GuardianAnswer = { requestId: request.requestId };
  process.send?.(answer);
});

process.on('disconnect', () => {
  void endWards().finally(() => process.exit(0));
});

async function endWards(): Promise<void> {
  await Promise.all([...wards.values()].map(endProcess));
  const paths = [...wards.values()].flatMap((ward) => ward.paths);
  await Promise.allSettled(paths.map((path) => rm(path, { recursive: true, force: true, maxRetries: 5 })));
}

async function endProcess({ process: target }: Ward): Promise<void> {
  if (target === undefined) return;
  const { pid, graceMs, group } = target;
  signal(pid, group, 'SIGTERM');
  // A stopped process (SIGSTOP) acts on SIGTERM only once it runs again.
  signal(pid, group, 'SIGCONT');
  if (await endedWithin(pid, graceMs)) {
    if (group) signalGroup(pid, 'SIGKILL');
    return;
  }
  signal(pid, group, 'SIGKILL');
  await endedWithin(pid, KILL_WAIT_MS);
}

function signal(pid: number, group: boolean, name: NodeJS.Signals): void {
  if (group && signalGroup(pid, name)) return;
  try {
    process.kill(pid, name);
  } catch {
    // Ended already.
  }
}

async function endedWithin(pid: number, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (isRunning(pid)) {
    if (Date.now() >= deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}
