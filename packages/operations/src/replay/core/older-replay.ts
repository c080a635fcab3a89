/**
 * A replay that a version before managed replays has started. It read the range itself and appended copies to the
 * topic, so what it had not read is a range that another replay can be started for. Pure.
 */
import type { ReplayRequest } from '@astrolabe/replay';
import { offsetsText } from './offsets-text.ts';

export type OlderReplay =
  | {
      readonly kind: 'readable';
      readonly id: string;
      readonly request: ReplayRequest;
      /** ISO 8601. */
      readonly startedAt: string;
      /** What it had not read, for `--offsets`; empty where it had read everything. */
      readonly remaining: string;
    }
  | { readonly kind: 'unreadable'; readonly id: string; readonly reason: string };

interface StoredReplay {
  readonly request: ReplayRequest;
  readonly startedAt: string;
  readonly spans: readonly Readonly<Record<'partition' | 'endOffset' | 'position', number | string>>[];
}

export function readOlderReplay(id: string, value: Buffer): OlderReplay {
  try {
    const { request, startedAt, spans } = JSON.parse(value.toString('utf8')) as StoredReplay;
    if (typeof request.source !== 'string' || Number.isNaN(Date.parse(startedAt))) throw new Error('it is no replay');
    const ranges = spans
      .map(({ partition, endOffset, position }) => ({
        partition: Number(partition),
        firstOffset: BigInt(position),
        lastOffset: BigInt(endOffset) - 1n,
      }))
      .filter(({ firstOffset, lastOffset }) => firstOffset <= lastOffset);
    return { kind: 'readable', id, request, startedAt, remaining: offsetsText(ranges) };
  } catch (error) {
    return { kind: 'unreadable', id, reason: (error as Error).message };
  }
}
