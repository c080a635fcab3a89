/** Joins what one assignment of a partition needs: its ledger, its lanes and the lifecycle of its commands. */
import type { CommittedPosition } from '@astrolabe/kafka';
import {
  createLaneProcessor,
  type LagReason,
  type LaneLimits,
  type LaneProcessor,
  type PartitionProcessor,
  type PartitionSession,
  type WorkPosition,
  type ReadPage,
} from '@astrolabe/processing';
import { isRecreated, resetRemedy, topicRecreated } from '@astrolabe/records';
import { createRetrier, retryPolicies } from '@astrolabe/service-kit';
import { connectorOf, laneOf } from '../core/lane-of.ts';
import type { DeliveryLedger } from '../lifecycle/delivery-ledger.ts';
import { CommandLifecycle, type CommandLifecycleOptions } from '../lifecycle/command-lifecycle.ts';
import type { InFlightCommand } from '../lifecycle/in-flight-command.ts';
import type { PartitionState } from '../dispatcher-state.ts';
import { PartitionReplays, type ReplayPorts } from '../replay/partition-replays.ts';
import { noReplays } from '../replay/replays-state.ts';

/** A ledger that is open, and known to be complete. */
export interface OpenLedger extends DeliveryLedger {
  stats(): { readonly entries: number; readonly bytes: number };
  /** What is recorded from now on is stored at once. */
  hasten(): void;
  /** Stores what is in hand, as far as that goes quickly. */
  close(): Promise<void>;
}

export interface PartitionDispatcherOptions extends Omit<CommandLifecycleOptions, 'session' | 'ledger'> {
  readonly openLedger: (session: PartitionSession) => Promise<OpenLedger>;
  readonly committed: (session: PartitionSession) => Promise<CommittedPosition | undefined>;
  readonly readPage: ReadPage;
  readonly limits: LaneLimits;
  readonly replays: ReplayPorts;
}

/** What replays have done and not yet told when a partition is given up: the next owner would do it again. */
const TELL_REPLAYS_MS = 1_000;

export interface PartitionDispatcher extends PartitionProcessor {
  review(): void;
  state(): PartitionState;
}

export function createPartitionDispatcher(
  session: PartitionSession,
  options: PartitionDispatcherOptions,
): PartitionDispatcher {
  return new Partition(session, options);
}

class Partition implements PartitionDispatcher {
  readonly #session: PartitionSession;
  readonly #options: PartitionDispatcherOptions;
  readonly #lanes: LaneProcessor<InFlightCommand>;
  readonly #warnedOf = new Set<string>();
  readonly #delivered: DeliveryLedger;
  #ledger: OpenLedger | undefined;
  #replays: PartitionReplays | undefined;
  #isQuiet = false;
  #opening: Promise<void> = Promise.resolve();

  constructor(session: PartitionSession, options: PartitionDispatcherOptions) {
    this.#session = session;
    this.#options = options;
    const { clock, limits, readPage } = options;
    this.#delivered = {
      lookup: (commandId) => this.#opened().lookup(commandId),
      record: (delivery) => this.#opened().record(delivery),
      attempts: (commandId) => this.#opened().attempts(commandId),
      recordAttempts: (attempts) => this.#opened().recordAttempts(attempts),
    };
    this.#lanes = createLaneProcessor<InFlightCommand>({
      session,
      laneOf,
      connectorOf,
      handler: new CommandLifecycle({ ...options, session, ledger: this.#delivered }),
      limits,
      nowMs: () => clock.monotonicMs(),
      restore: () => this.#restore(),
      readPage,
      onLag: (connectorId, reason) => {
        this.#tellLag(connectorId, reason);
      },
    });
  }

  enqueue(...args: Parameters<PartitionProcessor['enqueue']>): void {
    this.#lanes.enqueue(...args);
  }

  workPosition(): WorkPosition | undefined {
    return this.#lanes.workPosition();
  }

  quiesce(): void {
    this.#isQuiet = true;
    this.#replays?.quiesce();
    this.#lanes.quiesce();
    // The next owner waits for what is in flight here.
    this.#ledger?.hasten();
  }

  idle(): Promise<void> {
    return this.#lanes.idle();
  }

  async stop(): Promise<void> {
    this.#isQuiet = true;
    await this.#lanes.stop();
    await this.#replays?.stop(TELL_REPLAYS_MS);
    await this.#opening;
    await this.#ledger?.close().catch((error: unknown) => {
      const { partition } = this.#session;
      this.#options.logger.warn(
        { err: error, partition },
        'the ledger did not close well; it is restored by its next owner',
      );
    });
  }

  review(): void {
    this.#lanes.review();
    this.#replays?.review();
  }

  state(): PartitionState {
    const position = this.#lanes.position() ?? 0n;
    const stats = this.#ledger?.stats();
    return {
      partition: this.#session.partition,
      lanes: this.#lanes.laneCount(),
      records: this.#lanes.recordCount(),
      lagging: [...this.#lanes.cursors()].map(([connector, { offset, writtenAtMs }]) => ({
        connector,
        offsets: Number(position - offset),
        seconds: writtenAtMs && Math.max(0, this.#options.clock.nowMs() - writtenAtMs) / 1_000,
      })),
      ledgerEntries: stats?.entries ?? 0,
      ledgerBytes: stats?.bytes ?? 0,
      replays: this.#replays?.state() ?? noReplays,
    };
  }

  #tellLag(connectorId: string, reason: LagReason | undefined): void {
    const { logger, scheduler } = this.#options;
    const { partition } = this.#session;
    if (reason === undefined) {
      const isExpected = this.#warnedOf.delete(connectorId);
      logger[isExpected ? 'info' : 'debug'](
        { connectorId, partition },
        'the connector has caught up with its partition',
      );
      return;
    }
    // A burst that its API takes is nothing to look after, however often it comes.
    if (reason === 'fills-buffer' && !scheduler.isBlocked(connectorId)) {
      logger.debug(
        { connectorId, partition, reason },
        'the connector has more commands than fit in memory: it is read by itself',
      );
      return;
    }
    this.#warnedOf.add(connectorId);
    logger.warn({ connectorId, partition, reason }, 'the connector lags: its partition goes on without it');
  }

  /** The ledger first: nothing is called for before every delivery of earlier owners is known. */
  async #restore(): Promise<{ readonly nextOffset: bigint | undefined; readonly metadata: string }> {
    const { openLedger, committed } = this.#options;
    const opening = openLedger(this.#session).then((ledger) => {
      this.#ledger = ledger;
    });
    this.#opening = opening.catch(() => undefined);
    await opening;
    const retry = createRetrier(this.#options);
    const { signal } = this.#session;
    const read = () => committed(this.#session);
    const position = await retry('reading the commit', read, { policy: retryPolicies.dependency, signal });
    if (position !== undefined) this.#assertOfThisTopic(position);
    if (!this.#isQuiet) this.#openReplays();
    return { nextOffset: position?.nextOffset, metadata: position?.metadata ?? '' };
  }

  #openReplays(): void {
    const { replays: ports, ...options } = this.#options;
    this.#replays = new PartitionReplays({
      ...options,
      ports,
      session: this.#session,
      lanes: this.#lanes,
      ledger: this.#delivered,
    });
  }

  /**
   * Of another topic of that name, the offset would skip commands. A commit without an id, an older version's, gets
   * one.
   */
  #assertOfThisTopic({ nextOffset, topicId: storedId, metadata }: CommittedPosition): void {
    const { topic, partition, topicId: currentId } = this.#session;
    if (storedId !== undefined && currentId !== undefined && isRecreated(storedId, currentId)) {
      const { groupId } = this.#options;
      const whose = `offset ${nextOffset} of group ${groupId} on partition ${partition}`;
      throw topicRecreated({ topic, storedId, currentId, whose, remedy: resetRemedy(groupId, topic) });
    }
    if (storedId === undefined && currentId !== undefined) this.#session.storeOffset(nextOffset, metadata);
  }

  #opened(): OpenLedger {
    if (this.#ledger === undefined) throw new Error('a command is handled before the ledger is open');
    return this.#ledger;
  }
}
