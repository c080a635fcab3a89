/** Who reads which partition of a topic: balanced, complete, and moving no partition that need not move. */

/** What a member says of itself when it joins. */
export interface MemberClaim {
  readonly memberId: string;
  /** Of the assignment in which it got `partitions`. */
  readonly generationId: number;
  /** That it holds. */
  readonly partitions: readonly number[];
  /** It is about to stop and hands over what it holds. */
  readonly isLeaving: boolean;
}

/**
 * Each member gets as many partitions as any other, or one more; a member that leaves gets none, unless all leave. A
 * member keeps what it holds up to that number. Members are the same whatever order they come in.
 */
export function assignPartitions(
  partitions: readonly number[],
  claims: readonly MemberClaim[],
): ReadonlyMap<string, readonly number[]> {
  const held = holders(partitions, claims);
  const staying = claims.filter(({ isLeaving }) => !isLeaving);
  const takers = (staying.length > 0 ? staying : claims)
    .map(({ memberId }) => ({ memberId, held: held.get(memberId) ?? [] }))
    // Those that hold the most get the partitions that are over: fewer move.
    .toSorted((a, b) => b.held.length - a.held.length || compareText(a.memberId, b.memberId));
  const assignment = new Map<string, number[]>(claims.map(({ memberId }) => [memberId, []]));
  const share = Math.floor(partitions.length / takers.length);
  const over = partitions.length % takers.length;
  const kept = takers.map((taker, index) => {
    const size = index < over ? share + 1 : share;
    return { ...taker, size, keeps: taker.held.slice(0, size) };
  });
  const taken = new Set(kept.flatMap(({ keeps }) => keeps));
  const free = partitions.filter((partition) => !taken.has(partition)).toSorted((a, b) => a - b);
  for (const { memberId, size, keeps } of kept) {
    const added = free.splice(0, size - keeps.length);
    assignment.set(
      memberId,
      [...keeps, ...added].toSorted((a, b) => a - b),
    );
  }
  return assignment;
}

/** A partition that two members hold is with the one that got it later: the other has missed that. */
function holders(partitions: readonly number[], claims: readonly MemberClaim[]): Map<string, number[]> {
  const latestFirst = claims.toSorted((a, b) => b.generationId - a.generationId || compareText(a.memberId, b.memberId));
  const unclaimed = new Set(partitions);
  return new Map(
    latestFirst.map((claim) => {
      const held = new Set(claim.partitions.filter((partition) => unclaimed.delete(partition)));
      return [claim.memberId, [...held].toSorted((a, b) => a - b)];
    }),
  );
}

/** By code unit, so that every leader of a group decides alike. */
function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
