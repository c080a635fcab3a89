/**
 * The current connectors, read again when their file or a key's file changes. It compares content, not times: that is
 * exact on every file system, and the files are small. A change is adopted when two readings in a row agree, so that a
 * half-written file is not taken for a bad edit.
 */
import {
  readConnectorsSnapshot,
  isSameSnapshot,
  type ConnectorKeys,
  type ConnectorsSnapshot,
} from './connectors-snapshot.ts';
import { systemClock, type Clock } from '../clock/clock.ts';
import { compareConnectors, isEmptyChange, type ConnectorsChange } from './connectors-change.ts';
import { systemConnectorFiles, type ConnectorFiles } from './connector-files.ts';
import type { ConnectorDirectory } from '../connectors/connectors.ts';
import { PipelineError, isPipelineError } from '../errors/errors.ts';
import { FolderWatches } from './folder-watches.ts';
import { buildConnectors } from './load-connectors.ts';
import type { Logger } from '../logs/logger.ts';
import type { Gauge, Metrics } from '../process/metrics.ts';
import type { Environment } from '../config/read-config.ts';

/** Where a service gets its connectors from. */
export interface ConnectorSource {
  /**
   * The connectors of the last valid content. It is cheap: call it for each request or call, and do not keep the
   * result.
   */
  current(): ConnectorDirectory;
  /** Calls `listener` after each change of `current()`, which must not throw. Returns how to end that. */
  onChange(listener: (change: ConnectorsChange) => void): () => void;
  /** Stops watching. `current()` stays as it is. */
  close(): Promise<void>;
}

export interface ConnectorSourceOptions {
  /** Of the connectors file. */
  readonly path: string;
  readonly env: Environment;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Default: the system's. */
  readonly files?: ConnectorFiles;
  /** How long a change can go unnoticed if watching does not work, as on network file systems. Default: 5 s. */
  readonly pollMs?: number;
  /** Default: read. */
  readonly keys?: ConnectorKeys;
  /** How long content must be unchanged before it is adopted. Default: 100 ms. */
  readonly settleMs?: number;
}

/**
 * Reads the connectors and follows their file. Rejects with `connectors.invalid` if the first content is bad; later a
 * bad edit is logged with all its problems, and the connectors stay as they were.
 */
export async function openConnectorSource(options: ConnectorSourceOptions): Promise<ConnectorSource> {
  const source = new FileConnectorSource(options);
  await source.start();
  return source;
}

/**
 * An edit that removes every connector is a mistake of a script or an editor: all senders would be refused, and
 * commands dead-lettered.
 */
function assertNotEmptied(path: string, before: ConnectorDirectory, after: ConnectorDirectory): void {
  if (after.all().length > 0 || before.all().length === 0) return;
  const message = 'removes every connector; to refuse all events, set "enabled": false, or start again with this file';
  const problems = [{ place: 'connectors', message }];
  throw new PipelineError('connectors.invalid', `${path}: ${message}`, { retryable: false, details: { problems } });
}

/** `connectors`: those in effect, at each scrape. */
export function createConnectorsFileGauge(
  metrics: Metrics,
  connectors: () => Iterable<{ readonly id: string }> = () => [],
): Gauge {
  metrics.gauge({
    name: 'connector_info',
    help: 'Always 1. There is one for each connector in effect, for lists of connectors.',
    labelNames: ['connector'],
    collect: (gauge) => {
      gauge.reset();
      for (const { id } of connectors()) gauge.set({ connector: id }, 1);
    },
  });
  return metrics.gauge({
    name: 'connectors_file_valid',
    help: '0 while the connectors file has an edit that cannot be used: the connectors before it stay in effect.',
  });
}

class FileConnectorSource implements ConnectorSource {
  readonly #path: string;
  readonly #env: Environment;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #files: ConnectorFiles;
  readonly #keys: ConnectorKeys;
  readonly #pollMs: number;
  readonly #settleMs: number;
  readonly #valid: Gauge;
  readonly #watches: FolderWatches;
  readonly #listeners = new Set<(change: ConnectorsChange) => void>();
  readonly #closing = new AbortController();
  #event = new AbortController();
  #following: Promise<void> | undefined;
  #state: { readonly snapshot: ConnectorsSnapshot; readonly directory: ConnectorDirectory } | undefined;
  #isValid = true;

  constructor(options: ConnectorSourceOptions) {
    this.#path = options.path;
    this.#env = options.env;
    this.#logger = options.logger;
    this.#clock = options.clock ?? systemClock;
    this.#files = options.files ?? systemConnectorFiles;
    this.#keys = options.keys ?? 'read';
    this.#pollMs = options.pollMs ?? 5_000;
    this.#settleMs = options.settleMs ?? 100;
    this.#valid = createConnectorsFileGauge(options.metrics, () => this.#state?.directory.all() ?? []);
    this.#watches = new FolderWatches(this.#files, () => this.#event.abort(), options.logger);
  }

  async start(): Promise<void> {
    // Before reading: later changes are then noticed.
    this.#watches.watch([this.#path]);
    try {
      const snapshot = await this.#read();
      this.#state = { snapshot, directory: buildConnectors(snapshot, this.#env, this.#keys) };
      this.#valid.set(1);
      this.#watches.watch(this.#pathsOf(snapshot));
    } catch (error) {
      this.#watches.close();
      throw error;
    }
    this.#following = this.#follow();
  }

  current(): ConnectorDirectory {
    return this.#started().directory;
  }

  onChange(listener: (change: ConnectorsChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#watches.close();
    await this.#following;
  }

  async #follow(): Promise<void> {
    try {
      for (;;) {
        const woken = await this.#untilEventOrPoll();
        await this.#check(woken);
      }
    } catch (error) {
      if (!this.#closing.signal.aborted) throw error;
    }
  }

  async #untilEventOrPoll(): Promise<'event' | 'poll'> {
    const event = this.#event.signal;
    try {
      await this.#clock.sleep(this.#pollMs, AbortSignal.any([this.#closing.signal, event]));
      return 'poll';
    } catch (error) {
      if (!event.aborted || this.#closing.signal.aborted) throw error;
      return 'event';
    } finally {
      // Renewed before reading: an event during the reading triggers another one.
      this.#event = new AbortController();
    }
  }

  async #check(woken: 'event' | 'poll'): Promise<void> {
    const before = this.#started().snapshot;
    let snapshot = await this.#read(before);
    if (isSameSnapshot(snapshot, before)) return;
    for (let isSettled = false; !isSettled;) {
      await this.#clock.sleep(this.#settleMs, this.#closing.signal);
      const again = await this.#read(snapshot);
      isSettled = isSameSnapshot(again, snapshot);
      snapshot = again;
    }
    this.#closing.signal.throwIfAborted();
    // The watch missed a change that the poll noticed: its folder may have been replaced.
    if (woken === 'poll') this.#watches.close();
    this.#watches.watch(this.#pathsOf(snapshot));
    if (!isSameSnapshot(snapshot, before)) this.#adopt(snapshot);
  }

  #adopt(snapshot: ConnectorsSnapshot): void {
    const { directory: before } = this.#started();
    let directory: ConnectorDirectory;
    try {
      directory = buildConnectors(snapshot, this.#env, this.#keys);
      assertNotEmptied(this.#path, before, directory);
    } catch (error) {
      if (!isPipelineError(error, 'connectors.invalid')) throw error;
      const { code, details } = error;
      this.#state = { snapshot, directory: before };
      this.#isValid = false;
      this.#valid.set(0);
      this.#logger.error({ code, ...details }, 'the connectors file cannot be used; the connectors stay as they were');
      return;
    }
    const wasValid = this.#isValid;
    const change = compareConnectors(before, directory);
    this.#state = { snapshot, directory };
    this.#isValid = true;
    this.#valid.set(1);
    if (!isEmptyChange(change)) {
      this.#logger.info({ path: this.#path, ...change }, 'connectors changed');
      for (const listener of this.#listeners) listener(change);
    } else if (!wasValid) {
      this.#logger.info({ path: this.#path }, 'the connectors file is valid again, and as it was');
    }
  }

  #read(previous?: ConnectorsSnapshot): Promise<ConnectorsSnapshot> {
    return readConnectorsSnapshot(this.#path, (path) => this.#files.readText(path), previous, this.#keys);
  }

  #pathsOf({ keyFiles }: ConnectorsSnapshot): readonly string[] {
    return [this.#path, ...keyFiles.keys()];
  }

  #started() {
    if (this.#state === undefined) throw new Error('the connector source has not been started');
    return this.#state;
  }
}
