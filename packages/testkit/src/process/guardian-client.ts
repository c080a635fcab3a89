/**
 * The owner's side of the guardian: one guardian for each owner process, started at first use. It never keeps the owner
 * alive; it ends by itself when the owner does.
 */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { GuardianAnswer, GuardianRequest, Ward } from './guardian-protocol.ts';

export interface GuardianClient {
  /** Resolves once the guardian knows: from then on the ward ends with this process. Returns the way to forget it. */
  watch(ward: Omit<Ward, 'id'>): Promise<() => Promise<void>>;
}

let current: Promise<GuardianClient> | undefined;

/** The guardian of this process. */
export function guardian(): Promise<GuardianClient> {
  current ??= startGuardian();
  return current;
}

type NewRequest =
  { readonly kind: 'watch'; readonly ward: Ward } | { readonly kind: 'forget'; readonly wardId: number };

async function startGuardian(): Promise<GuardianClient> {
  const child = fork(fileURLToPath(new URL('./guardian.ts', import.meta.url)), [], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    execArgv: [],
    // NODE_OPTIONS may hold the test runner's own flags, and a guardian writes no coverage.
    env: { PATH: process.env.PATH },
  });
  const pending = new Map<number, { resolve: () => void; reject: (error: Error) => void }>();
  let nextId = 1;
  let lost: Error | undefined;

  child.on('message', (answer: GuardianAnswer) => {
    pending.get(answer.requestId)?.resolve();
  });
  child.on('exit', (code, signal) => {
    current = undefined;
    lost = new Error(
      `the guardian process ended (${signal ?? `exit code ${code}`}); what it watched may outlive its owner`,
    );
    for (const { reject } of pending.values()) reject(lost);
  });
  child.unref();
  setReferenced(child, false);

  async function request(message: NewRequest): Promise<void> {
    if (lost !== undefined) throw lost;
    const requestId = nextId++;
    const answered = Promise.withResolvers<void>();
    pending.set(requestId, answered);
    // Without this the event loop may run dry, and the owner end, in the middle of the wait.
    setReferenced(child, true);
    const full: GuardianRequest = { ...message, requestId };
    child.send(full, (error) => {
      if (error !== null) answered.reject(error);
    });
    try {
      await answered.promise;
    } finally {
      pending.delete(requestId);
      if (pending.size === 0) setReferenced(child, false);
    }
  }

  return {
    async watch(ward) {
      const id = nextId++;
      await request({ kind: 'watch', ward: { ...ward, id } });
      return async () => {
        // A lost guardian forgets by itself.
        if (lost === undefined) await request({ kind: 'forget', wardId: id });
      };
    },
  };
}

function setReferenced(child: ChildProcess, referenced: boolean): void {
  if (referenced) child.channel?.ref();
  else child.channel?.unref();
}
