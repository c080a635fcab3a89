/**
 * Keys on `astrolabe.replays.v1`: JSON arrays, so that they cannot be taken for those of version 1, which are bare ids.
 * Pure.
 */

export type ReplayKey =
  | { readonly kind: 'order'; readonly id: string }
  | { readonly kind: 'mapper-progress'; readonly id: string; readonly partition: number }
  /** Of a replay of commands. */
  | { readonly kind: 'dispatcher-progress'; readonly id: string; readonly partition: number }
  /** Of all replays of events. */
  | { readonly kind: 'replayed-commands'; readonly partition: number };

export function replayKey(key: ReplayKey): Buffer {
  return Buffer.from(JSON.stringify(partsOf(key)), 'utf8');
}

function partsOf(key: ReplayKey): readonly (string | number)[] {
  switch (key.kind) {
    case 'order':
      return ['replay', key.id];
    case 'mapper-progress':
      return ['progress', 'mapper', key.id, key.partition];
    case 'dispatcher-progress':
      return ['progress', 'dispatcher', key.id, key.partition];
    case 'replayed-commands':
      return ['progress', 'dispatcher', key.partition];
  }
}

/** Undefined where it is none of these. */
export function parseReplayKey(key: string): ReplayKey | undefined {
  const [what, service, id, partition, ...others] = partsIn(key);
  if (others.length > 0) return undefined;
  if (what === 'replay' && typeof service === 'string' && id === undefined) return { kind: 'order', id: service };
  if (what !== 'progress') return undefined;
  if (service === 'dispatcher' && isPartition(id) && partition === undefined) {
    return { kind: 'replayed-commands', partition: id };
  }
  if (typeof id !== 'string' || !isPartition(partition)) return undefined;
  if (service === 'mapper') return { kind: 'mapper-progress', id, partition };
  return service === 'dispatcher' ? { kind: 'dispatcher-progress', id, partition } : undefined;
}

function partsIn(key: string): readonly unknown[] {
  try {
    const parts: unknown = JSON.parse(key);
    return Array.isArray(parts) ? parts : [];
  } catch {
    return [];
  }
}

function isPartition(part: unknown): part is number {
  return Number.isInteger(part) && (part as number) >= 0;
}
