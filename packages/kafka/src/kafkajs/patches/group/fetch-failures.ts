/** Which failed fetches are the first since their broker answered one. */
import type { ConsumerGroup } from './consumer-group.ts';

const answered = new WeakMap<ConsumerGroup, Set<unknown>>();
const firstFailures = new WeakSet<object>();

export function fetchAnswered(group: ConsumerGroup, nodeId: unknown): void {
  const nodeIds = answered.get(group) ?? new Set();
  answered.set(group, nodeIds.add(nodeId));
}

export function fetchFailed(group: ConsumerGroup, nodeId: unknown, error: unknown): void {
  const isFirst = answered.get(group)?.delete(nodeId) === true;
  if (isFirst && isRetriable(error)) firstFailures.add(error);
}

export function isFirstFailure(error: unknown): boolean {
  return typeof error === 'object' && error !== null && firstFailures.has(error);
}

function isRetriable(error: unknown): error is Error {
  return error instanceof Error && 'retriable' in error && error.retriable === true;
}
