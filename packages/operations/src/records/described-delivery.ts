import type { Delivery } from '@astrolabe/ledger';

/** An entry of the delivery ledger. `partition` is that of the command, and of the ledger. */
export interface DescribedDelivery extends Delivery {
  readonly topic: string;
  readonly partition: number;
  /**
   * Where `trace` knows that a replay forced the command: the id of this delivery. `commandId` is the command's own
   * then.
   */
  readonly forcedId?: string | undefined;
}
