import type { LaneProcessor, PartitionSession } from '@astrolabe/processing';
import type { CommandDecoder } from '@astrolabe/records/serde';
import type { Logger, Retrier } from '@astrolabe/service-kit';
import type { Clock } from '@astrolabe/service-kit/clock';
import type { CallScheduler } from '../calls/call-scheduler.ts';
import type { ReplayWindow } from '../core/replay/replay-window.ts';
import type { DispatcherMetrics } from '../dispatcher-metrics.ts';
import type { DeliveryLedger } from '../lifecycle/delivery-ledger.ts';
import type { InFlightCommand } from '../lifecycle/in-flight-command.ts';
import type { ProgressWriter } from './progress-writer.ts';
import type { ReplayReader } from './replay-reader.ts';

/** What the replays of one assignment of a partition have in common. */
export interface PartitionReplayOptions {
  readonly session: PartitionSession;
  readonly lanes: Pick<LaneProcessor<InFlightCommand>, 'replay' | 'takenTo'>;
  readonly ledger: Pick<DeliveryLedger, 'lookup'>;
  readonly scheduler: Pick<CallScheduler, 'replay' | 'wayGivenMs'>;
  readonly reader: ReplayReader;
  readonly decoder: CommandDecoder;
  readonly window: ReplayWindow;
  readonly writer: ProgressWriter;
  readonly clock: Clock;
  readonly retrier: Retrier;
  readonly logger: Logger;
  readonly metrics: DispatcherMetrics;
}
