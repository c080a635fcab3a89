/** How much there is of everything, on the side that has grown and on the one beside it. */

export interface GrowthSizes {
  /** Deliveries in the dispatcher's ledger, of all partitions. */
  readonly entries: number;
  /** Users in the mapper's state, of all partitions. */
  readonly users: number;
  readonly connectors: number;
  readonly partitions: number;
}

/** What grows in a case; what is not named is as small as beside it. */
export type GrownSizes = Partial<GrowthSizes>;

export interface GrowthOptions {
  readonly entries: number;
  readonly users: number;
  readonly connectors: number;
  /** Each is a case of its own. */
  readonly partitions: readonly number[];
  /** Whether each of these is also measured by itself. */
  readonly factors: boolean;
}

export const SMALL: GrowthSizes = { entries: 0, users: 0, connectors: 4, partitions: 6 };

export interface GrowthCase {
  readonly service: 'mapper' | 'dispatcher';
  readonly name: string;
  readonly sizes: GrowthSizes;
}

/** A service's cases: everything grown, for each number of partitions; then each by itself, where it is asked for. */
export function casesOf({ entries, users, connectors, partitions, factors }: GrowthOptions): GrowthCase[] {
  return (['mapper', 'dispatcher'] as const).flatMap((service) => {
    const [filled, held] = service === 'mapper' ? ['users', { users }] : ['entries', { entries }];
    const grown = (name: string, sizes: GrownSizes): GrowthCase => ({
      service,
      name: `${service}-${name}`,
      sizes: { ...SMALL, ...sizes },
    });
    const all = partitions.map((count) => grown(`all-${count}`, { ...held, connectors, partitions: count }));
    if (!factors) return all;
    const more = partitions.filter((count) => count !== SMALL.partitions);
    return [
      ...all,
      grown(filled, held),
      grown('connectors', { connectors }),
      ...more.map((count) => grown(`partitions-${count}`, { partitions: count })),
    ];
  });
}
