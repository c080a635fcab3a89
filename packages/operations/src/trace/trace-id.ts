/** Where an event, a command or a user has been, and what became of its commands. */
import type { HoldingTransaction } from '@astrolabe/kafka';
import type { CommandDecoder } from '@astrolabe/records/serde';
import type { Cluster, OperationRun, ProgressSnapshot } from '../cluster/cluster.ts';
import { SettledOffsets } from '../cluster/settled-offsets.ts';
import { findHolds } from '../lag/find-holds.ts';
import { ReplayBoard } from '../replay/replay-board.ts';
import { searchWindows } from './core/search-windows.ts';
import { findLedgerEntries, type LedgerEntries } from './find-ledger-entries.ts';
import { traceCommand, traceMessage, traceUser, type FoundHops, type TraceSearch } from './find-hops.ts';

export type TracedKind = 'message' | 'command' | 'user';

export interface TraceOptions extends OperationRun {
  readonly cluster: Cluster;
  /** Without one, the values of commands are not decoded. */
  readonly decoder: CommandDecoder | undefined;
  readonly dispatcherGroup: string;
  readonly id: string;
  /** Undefined: guessed from the form of the id, and a message that is not found is looked for as a user. */
  readonly kind: TracedKind | undefined;
  /** How far back to search, epoch milliseconds. */
  readonly sinceMs: number;
  /** Whose users may be meant; asked only when a user is looked for. */
  readonly connectors: () => Promise<readonly string[]>;
  readonly onProgress: (progress: ProgressSnapshot) => void;
  /** Most hops that are kept, the newest ones. Default: all. */
  readonly maxHops?: number;
}

export interface Trace extends FoundHops, LedgerEntries {
  /** Where nothing was found: transactions that hide records of events or commands from every reader. */
  readonly hidden: readonly HoldingTransaction[];
}

const COMMAND_ID = /^[0-9a-f]{32}$/;

export async function traceId(options: TraceOptions): Promise<Trace> {
  const { cluster, decoder, dispatcherGroup, id, sinceMs, clock, signal, onProgress, maxHops } = options;
  const forcedReplays = await findForcedReplays(cluster, signal);
  const search: TraceSearch = {
    cluster,
    settled: new SettledOffsets(cluster.reader),
    decoder,
    signal,
    windows: searchWindows(id, clock.nowMs(), sinceMs),
    forcedReplays,
    onProgress: (searched) => onProgress({ done: searched }),
    maxHops,
  };
  const found = await findHops(options, search);
  const entries = await findLedgerEntries(cluster, dispatcherGroup, found.hops, forcedReplays, signal);
  return { ...found, ...entries, hidden: found.hops.length === 0 ? await findHidden(options) : [] };
}

async function findHops({ id, kind, sinceMs, connectors }: TraceOptions, search: TraceSearch): Promise<FoundHops> {
  const assumed = kind ?? (COMMAND_ID.test(id) ? 'command' : undefined);
  if (assumed === 'command') return traceCommand(search, id);
  if (assumed === 'message') return traceMessage(search, id);
  const byMessage = assumed === 'user' ? { hops: [], searched: 0, leftOut: 0 } : await traceMessage(search, id);
  if (byMessage.hops.length > 0) return byMessage;
  const among = await connectors();
  if (among.length === 0) return byMessage;
  const byUser = await traceUser(search, id, among, sinceMs);
  return { ...byUser, searched: byMessage.searched + byUser.searched };
}

async function findHidden({ cluster, clock, signal }: TraceOptions): Promise<readonly HoldingTransaction[]> {
  const { segmentEvents, commands } = cluster.topics;
  const held = [];
  for (const { name } of [segmentEvents, commands]) held.push(...(await findHolds({ clock, signal }, cluster, name)));
  return held;
}

/** A replay of commands leaves no record on their topic: what it has delivered by force is known by its id alone. */
async function findForcedReplays(
  cluster: Pick<Cluster, 'reader' | 'topics'>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { replays } = await new ReplayBoard(cluster).refresh(signal);
  return [...replays.values()].flatMap(({ order: { id, request } }) => (request.force === true ? [id] : []));
}
