/**
 * Where a process stands in its consumer group, as far as it can know, and what leads from one place to the next. Pure;
 * the time is an argument, by a clock that cannot be set.
 *
 *     joining ──► member ◄──► rejoining
 *                 ▲    │          │
 *                 │    ▼          │
 *                 absent ◄────────┘
 *
 * A group that has not heard of a member for the session time-out gives its partitions to others, and a member that is
 * cut off does not learn of it. So its own clock has to tell it.
 */

const places = {
  /** Without an assignment so far. */
  joining: { next: ['member'] },
  /** It has its assignment, and the group has answered within the session time-out. */
  member: { next: ['rejoining', 'absent'] },
  /** The client has given up and starts over. Nobody else gets the partitions before the session ends. */
  rejoining: { next: ['member', 'absent'] },
  /** The group has given the partitions to others, or must have: they are not worked on. */
  absent: { next: ['member'] },
} as const satisfies Record<string, { readonly next: readonly string[] }>;

export type GroupPlaceName = keyof typeof places;

export interface GroupPlace {
  readonly name: GroupPlaceName;
  /** When the group last answered. */
  readonly heardAtMs: number;
  /** Why it is not a member, where that is known. */
  readonly reason: string | undefined;
  /** When an absent member was last told to join again, whatever it waits for; undefined before the first time. */
  readonly toldToJoinAtMs: number | undefined;
}

export type GroupEvent =
  /** It has an assignment of the group. */
  | { readonly kind: 'joined' }
  /** The coordinator has answered a heartbeat. */
  | { readonly kind: 'answered' }
  /** The coordinator says that the group has gone on without it. */
  | { readonly kind: 'given-up'; readonly reason: string }
  /** The client has stopped, and joins again. */
  | { readonly kind: 'crashed'; readonly reason: string }
  /** Nothing but time. */
  | { readonly kind: 'time-passed' };

export function initialPlace(nowMs: number): GroupPlace {
  return { name: 'joining', heardAtMs: nowMs, reason: undefined, toldToJoinAtMs: undefined };
}

export function nextPlace(place: GroupPlace, event: GroupEvent, nowMs: number, sessionTimeoutMs: number): GroupPlace {
  switch (event.kind) {
    case 'joined':
      return { ...enter(place, 'member'), heardAtMs: nowMs, reason: undefined };
    case 'answered':
      return { ...place, heardAtMs: nowMs };
    case 'given-up':
      return place.name === 'joining' || place.name === 'absent' ? place : toAbsent(place, event.reason, nowMs);
    case 'crashed':
      return { ...(place.name === 'member' ? enter(place, 'rejoining') : place), reason: event.reason };
    case 'time-passed':
      return afterTime(place, nowMs, sessionTimeoutMs);
  }
}

function afterTime(place: GroupPlace, nowMs: number, sessionTimeoutMs: number): GroupPlace {
  const isSilent = nowMs - place.heardAtMs > sessionTimeoutMs;
  if (!isSilent || place.name === 'joining') return place;
  if (place.name !== 'absent') {
    const silence = `its coordinator has not answered for the session time-out of ${sessionTimeoutMs} ms`;
    return toAbsent(place, place.reason === undefined ? silence : `${silence}: ${place.reason}`, nowMs);
  }
  // The join that it waits for may be lost with the coordinator that it was sent to.
  const isDue = nowMs - (place.toldToJoinAtMs ?? nowMs) > sessionTimeoutMs;
  return isDue ? { ...place, toldToJoinAtMs: nowMs } : place;
}

function toAbsent(place: GroupPlace, reason: string, nowMs: number): GroupPlace {
  return { ...enter(place, 'absent'), reason, toldToJoinAtMs: nowMs };
}

function enter(place: GroupPlace, name: GroupPlaceName): GroupPlace {
  if (place.name === name) return place;
  const next: readonly GroupPlaceName[] = places[place.name].next;
  if (!next.includes(name)) throw new Error(`a process that is ${place.name} in its group cannot be ${name}`);
  return { ...place, name };
}
