/** What scripts can rely on. `docs/operating.md` says the same. */
export const exitCodes = {
  /** Done, or everything agrees. */
  done: 0,
  /** Something differs, is missing or failed. */
  failed: 1,
  /** The call is wrong: a flag, an argument, the configuration, or a change without confirmation. */
  usage: 2,
  /** Interrupted by Ctrl-C or SIGTERM, as in shells (128 + SIGINT). */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The call is wrong. The message says what, and what to type instead. */
export class UsageError extends Error {
  static {
    Object.defineProperty(this.prototype, 'name', { value: 'UsageError', writable: true, configurable: true });
  }
}
