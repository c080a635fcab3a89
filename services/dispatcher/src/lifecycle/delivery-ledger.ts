/**
 * What became of the commands of one partition, as `@astrolabe/ledger` keeps it. Its own words are repeated here so
 * that the dispatcher's decisions can be tried without a disk and without brokers.
 */

export interface DeliveryRecord {
  /** As of `deliveryIdOf`: the command's own, unless a replay forces it. */
  readonly commandId: string;
  readonly connectorId: string;
  readonly outcome: 'delivered' | 'duplicate' | 'dead-lettered';
  readonly status: number | undefined;
  readonly offset: bigint;
  readonly atMs: number;
}

/** Of a command that has failed and not ended, by all owners of its partition. */
export interface PriorAttempts {
  /** As in `DeliveryRecord`. */
  readonly commandId: string;
  /** Where the command stands: at another offset it is another one, with a budget of its own. */
  readonly offset: bigint;
  readonly count: number;
  readonly firstAtMs: number;
  /** Of the retry budget, the pause after the last answer included. */
  readonly spentMs: number;
  readonly atMs: number;
}

export interface DeliveryLedger {
  /**
   * Called before each call. What has been recorded is known from then on, acknowledged or not. Throws where the disk
   * fails.
   */
  lookup(commandId: string): DeliveryRecord | undefined;
  /**
   * Called once for each command that has ended, many at once. Once it resolves, every later owner of the partition
   * knows of it. Rejects where it cannot be stored: the command counts as pending.
   */
  record(delivery: DeliveryRecord): Promise<void>;
  /** Called before the first call of a command that has not ended. */
  attempts(commandId: string): PriorAttempts | undefined;
  /**
   * Called after each answer that another call follows. Every later owner of the partition knows of it soon; nothing
   * waits for that, since all that can be lost is the count of a moment.
   */
  recordAttempts(attempts: PriorAttempts): void;
}

export interface InMemoryLedger extends DeliveryLedger {
  readonly deliveries: readonly DeliveryRecord[];
  /** From here on nothing is acknowledged until `release`. */
  hold(): { release(): void };
}

/** For tests. */
export function createInMemoryLedger(): InMemoryLedger {
  const deliveries: DeliveryRecord[] = [];
  const byId = new Map<string, DeliveryRecord>();
  const attempts = new Map<string, PriorAttempts>();
  let gate = Promise.resolve();
  return {
    deliveries,
    lookup: (commandId) => byId.get(commandId),
    attempts: (commandId) => attempts.get(commandId),
    recordAttempts: (failed) => void attempts.set(failed.commandId, failed),
    record: (delivery) => {
      deliveries.push(delivery);
      byId.set(delivery.commandId, delivery);
      attempts.delete(delivery.commandId);
      return gate;
    },
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return { release: resolve };
    },
  };
}
