import { isDeepStrictEqual } from 'node:util';
import type { Connector, ConnectorDirectory } from '../connectors/connectors.ts';

/**
 * How one directory differs from an earlier one: ids and names of fields, never a value. Sorted as the files have them.
 */
export interface ConnectorsChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly { readonly id: string; readonly fields: readonly string[] }[];
}

export function compareConnectors(before: ConnectorDirectory, after: ConnectorDirectory): ConnectorsChange {
  const idsOf = (directory: ConnectorDirectory) => directory.all().map(({ id }) => id);
  return {
    added: idsOf(after).filter((id) => before.byId(id) === undefined),
    removed: idsOf(before).filter((id) => after.byId(id) === undefined),
    changed: after.all().flatMap((connector) => {
      const earlier = before.byId(connector.id);
      const fields = earlier === undefined ? [] : changedFields(earlier, connector);
      return fields.length === 0 ? [] : [{ id: connector.id, fields }];
    }),
  };
}

export function isEmptyChange({ added, removed, changed }: ConnectorsChange): boolean {
  return added.length + removed.length + changed.length === 0;
}

function changedFields(before: Connector, after: Connector): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof Connector>;
  return [...names].filter((name) => !isDeepStrictEqual(before[name], after[name]));
}
