/**
 * When an event happened, by Segment's rule for wrong clocks and the bounds of what can be (docs/adr/0006;
 * schemas/examples/mapping/times.json).
 */
import type { JsonObject, JsonValue } from '@astrolabe/schemas';

const EARLIEST_MS = Date.UTC(2000, 0, 1);

export interface EventTime {
  /** By the rule alone: what the stored event says. */
  readonly correctedMs: number;
  /**
   * Within the bounds, not after the receipt: what its commands say, but for deletions and for users who were let in
   * again.
   */
  readonly occurredAtMs: number;
}

/** `sentAt` is that of the batch. */
export function timeOf(body: JsonObject, sentAt: string | undefined, receivedAtMs: number): EventTime {
  const correctedMs = correctedTime(body, sentAt, receivedAtMs);
  return { correctedMs, occurredAtMs: Math.min(receivedAtMs, Math.max(EARLIEST_MS, correctedMs)) };
}

function correctedTime(body: JsonObject, sentAt: string | undefined, receivedAtMs: number): number {
  const timestampMs = readTime(body['timestamp']);
  if (timestampMs === undefined) return receivedAtMs;
  if (body['originalTimestamp'] !== undefined || sentAt === undefined) return timestampMs;
  return receivedAtMs - (Date.parse(sentAt) - timestampMs);
}

function readTime(value: JsonValue | undefined): number | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}
