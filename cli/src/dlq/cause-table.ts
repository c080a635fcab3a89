/** Waiting dead letters by topic, cause and connector, as they are shown before somebody decides. Pure. */
import { formatTable } from '../core/table.ts';
import type { DeadLetter } from './dead-letter.ts';

export class CauseTable {
  readonly #counts = new Map<string, number>();
  waiting = 0;

  add({ record, code, connectorId }: DeadLetter): void {
    const cause = JSON.stringify([record.topic, code, connectorId]);
    this.#counts.set(cause, (this.#counts.get(cause) ?? 0) + 1);
    this.waiting += 1;
  }

  lines(): string[] {
    if (this.#counts.size === 0) return [];
    const rows = [...this.#counts].map(([cause, letters]) => [...(JSON.parse(cause) as string[]), letters]);
    return formatTable(['TOPIC', 'CAUSE', 'CONNECTOR', 'WAITING'], rows);
  }
}
