/** Changes that were made at once, so that they can be looked at as jobs can. Kept in memory. Pure. */
import type { JobAnswer } from '../shapes.ts';

const MAX_KEPT = 100;

export class RecentActions {
  readonly #answers = new Map<string, JobAnswer>();

  add(answer: JobAnswer): void {
    this.#answers.set(answer.id, answer);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > MAX_KEPT && oldest !== undefined) this.#answers.delete(oldest);
  }

  find(id: string): JobAnswer | undefined {
    return this.#answers.get(id);
  }
}
