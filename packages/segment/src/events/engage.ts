/**
 * What Engage sends: audiences (including Journeys' steps) and computed traits. `context.personas` distinguishes such
 * an event from an ordinary one, since its name and its traits are arbitrary. Sources: segment-docs
 * `src/engage/using-engage-data.md` (both forms), `src/engage/journeys/v1/send-data.md` (the string "true", and a track
 * call without `audience_key`), `src/engage/audiences/account-audiences.md` (group calls).
 *
 *     identify, group   traits: {"<key>": value}
 *     track             properties: {"audience_key" | "trait_key": "<key>", "<key>": value}, under any event name
 */
import type { SegmentEvent } from './event.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '@astrolabe/json';

export interface Computation {
  /** Name of the user's (or account's) property: the key in snake case. */
  readonly propertyName: string;
  /**
   * `true` or `false` for membership, also if it came as text; for a trait, the unchanged value. A step of a journey
   * without a boolean was entered: Journeys never remove a user from an audience.
   */
  readonly value: JsonValue;
  /** Name under which the event's traits or properties hold the value; the property's name if they hold none. */
  readonly sentName: string;
}

/**
 * Undefined for events that are not Engage's, and for those whose key or value cannot be found; they are ordinary
 * events.
 */
export function computationOf(event: SegmentEvent): Computation | undefined {
  const { personas } = event.context;
  if (!isJsonObject(personas)) return undefined;
  const { computation_class: computationClass, computation_key: key } = personas;
  if (typeof computationClass !== 'string' || computationClass === '') return undefined;
  switch (event.type) {
    case 'identify':
    case 'group':
      return findComputation(event.traits, [key], computationClass);
    case 'track': {
      const { audience_key: audienceKey, trait_key: traitKey } = event.properties;
      return findComputation(event.properties, [audienceKey, traitKey, key], computationClass);
    }
    default:
      return undefined;
  }
}

/**
 * The traits with the computed one under its property name. Every other trait keeps its name; one with that name is
 * replaced.
 */
export function withComputation(traits: JsonObject, { propertyName, sentName, value }: Computation): JsonObject {
  if (sentName === propertyName && traits[sentName] === value) return traits;
  const { [sentName]: _renamed, ...others } = traits;
  return { ...others, [propertyName]: value };
}

/**
 * Lower case, with one underscore for each run of characters that are not alphabetic (marks included) or digits, none
 * at the ends.
 */
export function toPropertyName(key: string): string {
  // Keys that Journeys makes hold runs of underscores, and they are the names that Segment shows:
  // `j_o_purchase__opened_dje83h`.
  if (snakeCased.test(key)) return key;
  return key.toLowerCase().normalize().replace(separators, '_').replace(/^_|_$/g, '');
}

const snakeCased = /^[a-z0-9]+(?:_+[a-z0-9]+)*$/;
const separators = /[^\p{L}\p{M}\p{N}]+/gu;

function findComputation(
  values: JsonObject,
  keys: readonly (JsonValue | undefined)[],
  computationClass: string,
): Computation | undefined {
  for (const key of keys) {
    if (typeof key !== 'string') continue;
    const propertyName = toPropertyName(key);
    if (propertyName === '') continue;
    const sentName = findName(values, key, propertyName);
    if (sentName === undefined) continue;
    return { propertyName, sentName, value: computedValue(computationClass, values[sentName] ?? null) };
  }
  return isJourney(computationClass) ? stepEntered(keys) : undefined;
}

/** The value of a "Journey Step Entered": it carries the journey's data, but no value under the step's key. */
function stepEntered(keys: readonly (JsonValue | undefined)[]): Computation | undefined {
  for (const key of keys) {
    const propertyName = typeof key === 'string' ? toPropertyName(key) : '';
    if (propertyName !== '') return { propertyName, sentName: propertyName, value: true };
  }
  return undefined;
}

/**
 * The key itself, else its snake case, else the first name of the same snake case, in code-unit order so that the
 * sender's order does not matter.
 */
function findName(values: JsonObject, key: string, propertyName: string): string | undefined {
  if (Object.hasOwn(values, key)) return key;
  if (Object.hasOwn(values, propertyName)) return propertyName;
  return Object.keys(values)
    .filter((name) => toPropertyName(name) === propertyName)
    .sort()[0];
}

function computedValue(computationClass: string, value: JsonValue): JsonValue {
  if (isJourney(computationClass)) return value !== false && value !== 'false';
  if (computationClass !== 'audience') return value;
  return value === 'true' ? true : value === 'false' ? false : value;
}

/** `journey_step`, and whatever else Journeys may send in future. */
function isJourney(computationClass: string): boolean {
  return computationClass.startsWith('journey');
}
