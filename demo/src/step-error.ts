/** What did not hold, and in which step of the demo or the tour. */
export class StepError extends Error {
  override readonly name: string = 'StepError';

  constructor(step: string, cause: unknown) {
    super(`${step}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
