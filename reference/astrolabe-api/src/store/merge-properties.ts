import { canonicalJson, type JsonObject, type JsonValue } from '@astrolabe/schemas';

/** A property with the time of its value, epoch milliseconds. */
export type StoredProperty = readonly [name: string, value: JsonValue, occurredAtMs: number];

/** Sorted by name, so that the same properties are stored identically, whatever their order of arrival. */
export type StoredProperties = readonly StoredProperty[];

/**
 * The newest value of each property wins. Of two values with the same time, the one with the greater canonical JSON
 * text wins: any rule works that does not depend on the order of arrival. Returns `stored` itself if nothing changes.
 */
export function mergeProperties(
  stored: StoredProperties,
  incoming: JsonObject,
  occurredAtMs: number,
): StoredProperties {
  const merged = new Map<string, StoredProperty>();
  for (const property of stored) merged.set(property[0], property);
  let changed = false;
  for (const name of Object.keys(incoming)) {
    const candidate: StoredProperty = [name, incoming[name] ?? null, occurredAtMs];
    if (!wins(candidate, merged.get(name))) continue;
    merged.set(name, candidate);
    changed = true;
  }
  return changed ? [...merged.values()].sort(byName) : stored;
}

/** The properties that a deletion leaves: those newer than it. */
export function propertiesNewerThan(stored: StoredProperties, deletedAtMs: number): StoredProperties {
  return stored.filter(([, , occurredAtMs]) => occurredAtMs > deletedAtMs);
}

function wins(candidate: StoredProperty, current: StoredProperty | undefined): boolean {
  if (current === undefined || candidate[2] > current[2]) return true;
  return candidate[2] === current[2] && canonicalJson(candidate[1]) > canonicalJson(current[1]);
}

function byName([first]: StoredProperty, [second]: StoredProperty): number {
  return first < second ? -1 : 1;
}
