/**
 * Messages between an owner and its guardian process, over Node's IPC channel. The guardian answers each request once.
 */

/** What must not outlive the owner. */
export interface Ward {
  /** Chosen by the owner; `forget` names it again. */
  readonly id: number;
  /** A process group led by `pid`: SIGTERM, then SIGKILL after `graceMs`. Absent for a ward that is paths only. */
  readonly process?: { readonly pid: number; readonly graceMs: number; readonly group: boolean };
  /** Files or folders, removed after every process of every ward has ended. */
  readonly paths: readonly string[];
}

export type GuardianRequest =
  | { readonly kind: 'watch'; readonly requestId: number; readonly ward: Ward }
  | { readonly kind: 'forget'; readonly requestId: number; readonly wardId: number };

export interface GuardianAnswer {
  readonly requestId: number;
}
