/** Cursors of lists. Opaque to clients: base64url of the position. */
import type { ParameterReader } from './read-query.ts';

export const defaultPageSize = 100;
const maxPageSize = 1_000;

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

/** Asks `read` for one more item than the page has, to learn whether there is another page. */
export function readPage<Item>(
  limit: number,
  read: (limit: number) => readonly Item[],
  positionOf: (item: Item) => readonly (string | number)[],
): Page<Item> {
  const found = read(limit + 1);
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const more = found.length > limit && last !== undefined;
  return { items, nextCursor: more ? toCursor(positionOf(last)) : null };
}

/** The query parameter `limit`. */
export const limitParameter: ParameterReader<number> = (text) => {
  const limit = /^[0-9]{1,4}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= maxPageSize) return { value: limit };
  return { detail: `must be a whole number from 1 to ${maxPageSize}` };
};

/** The query parameter `cursor` of a list whose positions have these types. */
export function cursorParameter<const Types extends readonly PositionType[]>(
  types: Types,
): ParameterReader<PositionOf<Types>> {
  return (text) => {
    const value = readCursor(text, types);
    return value === undefined ? { detail: 'must be a nextCursor of this list' } : { value };
  };
}

type PositionType = 'string' | 'number';

type PositionOf<Types extends readonly PositionType[]> = {
  readonly [Index in keyof Types]: Types[Index] extends 'string' ? string : number;
};

function toCursor(position: unknown): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** The position of a cursor, or undefined if we did not issue it. */
function readCursor<const Types extends readonly PositionType[]>(
  cursor: string,
  types: Types,
): PositionOf<Types> | undefined {
  try {
    const position: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (!Array.isArray(position) || position.length !== types.length) return undefined;
    if (types.some((type, index) => typeof position[index] !== type)) return undefined;
    // Decoding ignores characters that are not base64url, and JSON has many texts for one position: only the exact text
    // that we issued counts.
    return toCursor(position) === cursor ? (position as unknown as PositionOf<Types>) : undefined;
  } catch {
    return undefined;
  }
}
