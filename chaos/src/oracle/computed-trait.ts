/** What an event of Engage computes: membership of an audience, or a trait (schemas/examples/mapping/engage.json). */
import type { JsonObject, JsonValue } from '@astrolabe/schemas';

export interface ComputedTrait {
  /** Name of the property: the key in snake case. */
  readonly property: string;
  readonly value: JsonValue;
  readonly sentAs: string;
}

export function computedTrait(body: JsonObject): ComputedTrait | undefined {
  const context = body['context'] as JsonObject | undefined;
  const personas = context?.['personas'] as JsonObject | undefined;
  const computationClass = personas?.['computation_class'];
  if (personas === undefined || typeof computationClass !== 'string') return undefined;
  const isTrack = body['type'] === 'track';
  const values = (isTrack ? body['properties'] : body['traits']) as JsonObject | undefined;
  if (values === undefined) return undefined;
  const keys = isTrack
    ? [values['audience_key'], values['trait_key'], personas['computation_key']]
    : [personas['computation_key']];
  for (const key of keys) {
    if (typeof key !== 'string') continue;
    const property = snakeCase(key);
    const sentAs = [key, property].find((name) => Object.hasOwn(values, name));
    if (sentAs === undefined) continue;
    const sent = values[sentAs] ?? null;
    return { property, sentAs, value: computationClass === 'audience' ? asMembership(sent) : sent };
  }
  return undefined;
}

function snakeCase(key: string): string {
  if (/^[a-z0-9_]+$/.test(key)) return key;
  return key
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean)
    .join('_');
}

function asMembership(value: JsonValue): JsonValue {
  return value === 'true' ? true : value === 'false' ? false : value;
}
