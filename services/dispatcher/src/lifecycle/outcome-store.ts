import type { DeliveryLedger, DeliveryRecord } from './delivery-ledger.ts';
import type { InFlightCommand } from './in-flight-command.ts';

/** How storing the outcome of a command ends: one of these is called, once. */
export interface StoredOutcomes {
  durable(command: InFlightCommand): void;
  fail(command: InFlightCommand, fault: unknown): void;
}

/**
 * Outcomes that the ledger stores together: they have one promise, and so one reaction. One for each would cost more
 * than all the rest.
 */
interface Batch {
  readonly storing: Promise<void>;
  readonly commands: InFlightCommand[];
  readonly deliveryIds: string[];
}

/** Stores in the ledger what became of commands, and says when that is durable. */
export class OutcomeStore {
  readonly #ledger: DeliveryLedger;
  readonly #owner: StoredOutcomes;
  /** The newest; later outcomes may join it. */
  #batch: Batch | undefined;
  /**
   * By delivery id, what the ledger has and has not acknowledged: a repeated record must not be committed before that.
   */
  readonly #unacknowledged = new Map<string, Promise<void>>();

  constructor(ledger: DeliveryLedger, owner: StoredOutcomes) {
    this.#ledger = ledger;
    this.#owner = owner;
  }

  record(command: InFlightCommand, outcome: DeliveryRecord): void {
    const { commandId } = outcome;
    const storing = this.#ledger.record(outcome);
    this.#unacknowledged.set(commandId, storing);
    if (this.#batch?.storing === storing) {
      this.#batch.commands.push(command);
      this.#batch.deliveryIds.push(commandId);
      return;
    }
    this.#batch = { storing, commands: [command], deliveryIds: [commandId] };
    this.#watch(this.#batch);
  }

  /** Whether the outcome that the ledger has of a command is durable; if not, `durable` is called once it is. */
  isDurable(command: InFlightCommand): boolean {
    const storing = this.#unacknowledged.get(command.deliveryId);
    storing?.then(
      () => this.#owner.durable(command),
      (fault: unknown) => this.#owner.fail(command, fault),
    );
    return storing === undefined;
  }

  #watch(batch: Batch): void {
    const { storing, commands, deliveryIds } = batch;
    // A promise that has settled already must not be joined: this reaction is over.
    const close = (): void => {
      if (this.#batch === batch) this.#batch = undefined;
    };
    storing.then(
      () => {
        close();
        for (const id of deliveryIds) if (this.#unacknowledged.get(id) === storing) this.#unacknowledged.delete(id);
        for (const command of commands) this.#owner.durable(command);
      },
      (fault: unknown) => {
        close();
        for (const command of commands) this.#owner.fail(command, fault);
      },
    );
  }
}
