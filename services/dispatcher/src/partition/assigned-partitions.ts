import type { PartitionSession } from '@astrolabe/processing';
import type { PartitionState } from '../dispatcher-state.ts';
import {
  createPartitionDispatcher,
  type PartitionDispatcher,
  type PartitionDispatcherOptions,
} from './partition-dispatcher.ts';

/** The partitions that are assigned to this process. */
export class AssignedPartitions {
  readonly #options: PartitionDispatcherOptions;
  readonly #onChange: () => void;
  readonly #partitions = new Map<number, PartitionDispatcher>();

  /** `onChange` is called for each partition that comes or goes. */
  constructor(options: PartitionDispatcherOptions, onChange: () => void) {
    this.#options = options;
    this.#onChange = onChange;
  }

  /** Called once for each assignment of a partition; it is dropped when the session's signal aborts. */
  add(session: PartitionSession): PartitionDispatcher {
    const added = createPartitionDispatcher(session, this.#options);
    this.#partitions.set(session.partition, added);
    // Begun before the first count: an alert would not see a counter that comes with it as an increase.
    this.#options.metrics.expired.inc({ partition: String(session.partition) }, 0);
    this.#onChange();
    session.signal.addEventListener('abort', () => {
      // Its next assignment may have begun already.
      if (this.#partitions.get(session.partition) === added) this.#partitions.delete(session.partition);
      this.#onChange();
    });
    return added;
  }

  review(): void {
    for (const partition of this.#partitions.values()) partition.review();
  }

  states(): PartitionState[] {
    return [...this.#partitions.values()].map((partition) => partition.state());
  }
}
