/**
 * Which page an address means, and the address of a page. Everything that a page shows is in its address: the path
 * names the page and its object, the query holds the filters. Pure.
 */

export type PageName =
  | 'overview'
  | 'live'
  | 'trail'
  | 'connectors'
  | 'connector'
  | 'new-connector'
  | 'dead-letters'
  | 'dead-letter'
  | 'replays'
  | 'replay'
  | 'new-replay'
  | 'lag'
  | 'schemas'
  | 'topics'
  | 'doctor'
  | 'audit'
  | 'jobs'
  | 'session'
  | 'login'
  | 'unknown';

export interface Route {
  readonly page: PageName;
  /** The variable parts of the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** What the query says; of a name that comes twice, the last. */
  readonly query: Readonly<Record<string, string>>;
}

/** In the order in which they are compared: a fixed part before a variable one. Below the base path. */
const PATHS: readonly (readonly [PageName, string])[] = [
  ['overview', '/'],
  ['live', '/live'],
  ['trail', '/trail'],
  ['trail', '/trail/:kind/:id'],
  ['connectors', '/connectors'],
  ['new-connector', '/connectors/new'],
  ['connector', '/connectors/:id'],
  ['dead-letters', '/dead-letters'],
  ['dead-letter', '/dead-letters/:topic/:partition/:offset'],
  ['replays', '/replays'],
  ['new-replay', '/replays/new'],
  ['replay', '/replays/:id'],
  ['lag', '/lag'],
  ['schemas', '/schemas'],
  ['topics', '/topics'],
  ['doctor', '/doctor'],
  ['audit', '/audit'],
  ['jobs', '/jobs'],
  ['session', '/session'],
  ['login', '/login'],
];

/** `base`: `/` or `/console/`, with both slashes. `pathname`: as `location.pathname` has it. */
export function routeOf(base: string, pathname: string, search: string): Route {
  const query = readQuery(search);
  const path =
    pathname === base.slice(0, -1) ? '/' : pathname.startsWith(base) ? `/${pathname.slice(base.length)}` : '';
  for (const [page, pattern] of PATHS) {
    const params = matchPath(pattern, path);
    if (params !== undefined) return { page, params, query };
  }
  return { page: 'unknown', params: {}, query };
}

function matchPath(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  const wanted = pattern.split('/');
  const parts = (path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path).split('/');
  if (wanted.length !== parts.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const found = parts[index] ?? '';
    if (part.startsWith(':')) {
      const value = decodePart(found);
      if (value === undefined || value === '') return undefined;
      params[part.slice(1)] = value;
    } else if (part !== found) return undefined;
  }
  return params;
}

/** Undefined for `%` that begins no character. */
function decodePart(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

export function readQuery(search: string): Readonly<Record<string, string>> {
  return Object.fromEntries(new URLSearchParams(search));
}

/** What is undefined or empty is left out. */
export type Query = Readonly<Record<string, string | undefined>>;

/** `?a=1&b=2`, or nothing. */
export function toSearch(query: Query): string {
  const entries = Object.entries(query).filter((entry): entry is [string, string] => !isEmpty(entry[1]));
  const search = new URLSearchParams(entries).toString();
  return search === '' ? '' : `?${search}`;
}

function isEmpty(value: string | undefined): boolean {
  return value === undefined || value === '';
}

/**
 * `parts`: of the path, encoded here. `hrefOf('/console/', ['trail', 'user', 'a/b'])` is `/console/trail/user/a%2Fb`.
 */
export function hrefOf(base: string, parts: readonly string[], query: Query = {}): string {
  return base + parts.map((part) => encodeURIComponent(part.toWellFormed())).join('/') + toSearch(query);
}
