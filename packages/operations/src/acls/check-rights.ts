/** Whether the brokers let each service do what it needs, and what they let it do besides. */
import {
  compareRights,
  rightsFor,
  rightsHolders,
  type RightsComparison,
  type RightsHolder,
  type RightsOptions,
} from '@astrolabe/records';
import type { Cluster } from '../cluster/cluster.ts';

export interface CheckRightsOptions {
  readonly holders?: readonly RightsHolder[];
  /** `User:NAME` for each. */
  readonly principalOf: (holder: RightsHolder) => string;
  /** Without the prefix, which is the cluster's. */
  readonly groups: Pick<RightsOptions, 'mapperGroupId' | 'dispatcherGroupId'>;
}

export interface CheckedRights extends RightsComparison {
  readonly holder: RightsHolder;
  readonly principal: string;
}

export type RightsCheck =
  | { readonly kind: 'compared'; readonly holders: readonly CheckedRights[]; readonly isInOrder: boolean }
  /** The brokers have no authorizer: everybody may do everything. */
  | { readonly kind: 'no-authorizer' };

/** Rejects with `kafka.unauthorized` where this user may not ask. */
export async function checkRights(
  cluster: Pick<Cluster, 'admin' | 'prefix'>,
  { holders = rightsHolders, principalOf, groups }: CheckRightsOptions,
): Promise<RightsCheck> {
  const rules = await cluster.admin.accessRules();
  if (rules === undefined) return { kind: 'no-authorizer' };
  const rights = rightsFor({ ...groups, prefix: cluster.prefix });
  const checked = holders.map((holder): CheckedRights => {
    const principal = principalOf(holder);
    return { holder, principal, ...compareRights({ principal, rights: rights[holder] }, rules) };
  });
  const isInOrder = checked.every(({ missing, denied }) => missing.length === 0 && denied.length === 0);
  return { kind: 'compared', holders: checked, isInOrder };
}
