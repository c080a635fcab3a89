/** Cursors of lists. Opaque to clients: base64url of the position. */

export const defaultPageSize = 100;
export const maxPageSize = 1_000;

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

/** `read` is asked for one item more than the page has, to know whether there is another page. */
export function readPage<Item>(
  limit: number,
  read: (limit: number) => readonly Item[],
  positionOf: (item: Item) => readonly (string | number)[],
): Page<Item> {
  const found = read(limit + 1);
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const more = found.length > limit && last !== undefined;
  return { items, nextCursor: more ? Buffer.from(JSON.stringify(positionOf(last))).toString('base64url') : null };
}

/** The position that a cursor stands for, or undefined where it is none of ours. */
export function readCursor<Types extends readonly ('string' | 'number')[]>(
  cursor: string,
  types: Types,
): { [Index in keyof Types]: Types[Index] extends 'string' ? string : number } | undefined {
  try {
    const position: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (!Array.isArray(position) || position.length !== types.length) return undefined;
    if (types.some((type, index) => typeof position[index] !== type)) return undefined;
    return position as never;
  } catch {
    return undefined;
  }
}
