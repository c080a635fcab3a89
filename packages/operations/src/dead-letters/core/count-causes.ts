/** Waiting dead letters by topic, cause and connector, as an operator sees them before deciding. Pure. */
import type { DeadLetter } from './dead-letter.ts';

export interface CountedCause {
  readonly topic: string;
  readonly code: string;
  readonly connectorId: string;
  readonly waiting: number;
}

export class CauseCounts {
  readonly #counts = new Map<string, CountedCause>();

  add({ record: { topic }, code, connectorId }: DeadLetter): void {
    const name = JSON.stringify([topic, code, connectorId]);
    const waiting = (this.#counts.get(name)?.waiting ?? 0) + 1;
    this.#counts.set(name, { topic, code, connectorId, waiting });
  }

  get waiting(): number {
    return this.all().reduce((sum, { waiting }) => sum + waiting, 0);
  }

  all(): readonly CountedCause[] {
    return [...this.#counts.values()];
  }
}
