/** What the dispatcher's metrics are made of. */
import { noGroup, type GroupState } from '@astrolabe/processing';
import { NO_SHARE } from './core/share/partition-share.ts';
import type { InstanceShares } from './limits/settled-shares.ts';
import type { ReplaysState } from './replay/replays-state.ts';

/** What the dispatcher shows of itself at each scrape. */
export interface DispatcherState {
  connectors(): readonly ConnectorState[];
  partitions(): readonly PartitionState[];
  shares(): InstanceShares;
  /** Of the ledger's index, that of all partitions. */
  readonly ledgerMemory: { readonly usedBytes: number; readonly maxBytes: number };
  /** Of the disk that the ledger is on; undefined where the system does not tell. */
  ledgerDisk(): Promise<{ readonly freeBytes: number; readonly totalBytes: number } | undefined>;
  group(): GroupState;
}

export interface ConnectorState {
  readonly connector: string;
  readonly isHalted: boolean;
  /** 0 closed, 1 probing, 2 open. */
  readonly circuit: number;
  readonly inFlight: number;
  readonly limit: number;
  readonly queued: number;
}

export interface PartitionState {
  readonly partition: number;
  readonly lanes: number;
  readonly records: number;
  readonly lagging: readonly LaggingConnector[];
  readonly ledgerEntries: number;
  readonly ledgerBytes: number;
  readonly replays: ReplaysState;
}

export interface LaggingConnector {
  readonly connector: string;
  /** Records that were read past it, at most. */
  readonly offsets: number;
  /** Age of the record at its cursor; undefined before that was read. */
  readonly seconds: number | undefined;
}

/** Before it has started. */
export const nothing: DispatcherState = {
  connectors: () => [],
  partitions: () => [],
  shares: () => ({ rate: NO_SHARE, calls: NO_SHARE }),
  ledgerDisk: () => Promise.resolve(undefined),
  group: () => noGroup,
  ledgerMemory: { usedBytes: 0, maxBytes: 0 },
};
