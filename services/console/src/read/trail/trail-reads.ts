/** Where a message, a command or a user has been: a search over the topics, for somebody who waits for it. */
import { traceId, type DescribedRecord, type Trace } from '@astrolabe/operations';
import { describeHold } from '@astrolabe/kafka';
import type { CommandDecoder } from '@astrolabe/records/serde';
import type { Command } from '@astrolabe/schemas';
import type { Clock } from '@astrolabe/service-kit/clock';
import { toInstant } from '../panel.ts';
import type { MaskText } from '../payload/payload.ts';
import type { TrailAnswer, TrailKind } from '../shapes/trail.ts';
import type { ClusterSource } from '../sources/cluster-source.ts';
import { buildHops } from './build-trail.ts';
import { SearchTurns, type SearchOutcome } from './search-turns.ts';

export interface TrailReadsOptions {
  readonly clusters: ClusterSource;
  readonly decoder: CommandDecoder | undefined;
  readonly dispatcherGroup: string;
  /** Whose users may be meant. */
  readonly connectors: () => Promise<readonly string[]>;
  readonly mask: MaskText;
  /** Why the commands of a connector wait; undefined where nothing is wrong with it. */
  readonly troubleOf: (connector: string) => string | undefined;
  readonly clock: Clock;
  /** After so long a search is given up. */
  readonly timeoutMs: number;
}

export interface TrailQuestion {
  readonly kind: TrailKind;
  readonly id: string;
  /** Of a user: only at this connector. */
  readonly connector: string | undefined;
  /** How far back. */
  readonly days: number;
}

export type TrailOutcome = SearchOutcome<TrailAnswer> | { readonly kind: 'too-long' };

const DAY_MS = 86_400_000;
const MAX_HOPS = 500;
/** Of the values of all hops together, which are shown up to three times each. */
const MAX_CHARACTERS = 8_000_000;
/** A search decodes what it reads, and keeps a core busy. */
const AT_ONCE = 2;
const WAITING = 20;

export class TrailReads {
  readonly #options: TrailReadsOptions;
  readonly #turns = new SearchTurns({ atOnce: AT_ONCE, waiting: WAITING });

  constructor(options: TrailReadsOptions) {
    this.#options = options;
  }

  async trail(question: TrailQuestion, signal: AbortSignal): Promise<TrailOutcome> {
    const name = JSON.stringify(question);
    const deadline = new AbortController();
    const { clock, timeoutMs } = this.#options;
    const waiting = new AbortController();
    clock.sleep(timeoutMs, waiting.signal).then(
      () => deadline.abort(new Error('the search takes too long')),
      () => undefined,
    );
    try {
      const ends = AbortSignal.any([signal, deadline.signal]);
      return await this.#turns.run(name, ends, (searching) => this.#search(question, searching));
    } catch (error) {
      if (deadline.signal.aborted && !signal.aborted) return { kind: 'too-long' };
      throw error;
    } finally {
      waiting.abort();
    }
  }

  async #search({ kind, id, connector, days }: TrailQuestion, signal: AbortSignal): Promise<TrailAnswer> {
    const { clusters, decoder, dispatcherGroup, connectors, mask, troubleOf, clock } = this.#options;
    const sinceMs = clock.nowMs() - days * DAY_MS;
    const traced = await traceId({
      cluster: await clusters.get(),
      decoder,
      dispatcherGroup,
      id,
      kind,
      sinceMs,
      connectors: async () => (connector === undefined ? connectors() : [connector]),
      clock,
      signal,
      onProgress: () => undefined,
      maxHops: MAX_HOPS,
    });
    return {
      kind,
      id,
      since: toInstant(sinceMs),
      searched: traced.searched,
      hops: buildHops(traced, {
        commands: await decodeAll(traced, decoder),
        mask,
        troubleOf,
        maxCharacters: Math.floor(MAX_CHARACTERS / Math.max(1, traced.hops.length)),
      }),
      leftOut: traced.leftOut,
      hidden: traced.hidden.map((each) => ({
        topic: each.topic,
        partition: each.partition,
        fromOffset: each.fromOffset.toString(),
        message: `${each.topic}[${each.partition}] is ${describeHold(each)}: records after that cannot be read yet`,
      })),
    };
  }
}

async function decodeAll(
  { hops }: Trace,
  decoder: CommandDecoder | undefined,
): Promise<ReadonlyMap<DescribedRecord, Command>> {
  const commands = new Map<DescribedRecord, Command>();
  if (decoder === undefined) return commands;
  for (const hop of hops) {
    // A dead letter of a command is the command, byte for byte.
    if (hop.stored?.[0] !== 0) continue;
    const decoded = await decoder.decode(hop.stored);
    if (decoded.kind === 'command') commands.set(hop, decoded.command);
  }
  return commands;
}
