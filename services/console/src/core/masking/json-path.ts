/**
 * Which values of a JSON text: the part of JSONPath (RFC 9535) that names places, without filters and slices.
 *
 *     $.traits.email   $..password   $.items[*].sku   $['a name'][0]
 */

export type PathStep = {
  /** Whether it may be any number of levels further down. */
  readonly isDescendant: boolean;
} & (
  | { readonly kind: 'any' }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
);

/** `text` is as written. */
export interface JsonPath {
  readonly text: string;
  readonly steps: readonly PathStep[];
}

/** Paths separated by commas. Undefined if one of them is not a path, or is `$` alone. */
export function parseJsonPaths(text: string): readonly JsonPath[] | undefined {
  const paths: JsonPath[] = [];
  let rest = text.trim();
  while (rest !== '') {
    const path = takePath(rest);
    if (path === undefined) return undefined;
    paths.push({ text: rest.slice(0, path.length).trim(), steps: path.steps });
    rest = rest.slice(path.length).trimStart();
    if (rest === '') break;
    if (!rest.startsWith(',')) return undefined;
    rest = rest.slice(1).trimStart();
    if (rest === '') return undefined;
  }
  return paths.length === 0 ? undefined : paths;
}

const dotted = /^(\.\.?)(?:(\*)|([\p{L}_][\p{L}\p{N}_-]*))/u;
const bracketed = /^(\.\.)?\[\s*(?:(\*)|(\d{1,9})|'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*\]/;

function takePath(text: string): { readonly steps: readonly PathStep[]; readonly length: number } | undefined {
  if (!text.startsWith('$')) return undefined;
  const steps: PathStep[] = [];
  let at = 1;
  for (;;) {
    const rest = text.slice(at);
    const dot = dotted.exec(rest);
    const bracket = bracketed.exec(rest);
    if (dot !== null) {
      const [all, dots, any, name = ''] = dot;
      const isDescendant = dots === '..';
      steps.push(any === undefined ? { kind: 'name', name, isDescendant } : { kind: 'any', isDescendant });
      at += all.length;
    } else if (bracket !== null) {
      const [all, dots, any, index, single, double] = bracket;
      const isDescendant = dots === '..';
      if (any !== undefined) steps.push({ kind: 'any', isDescendant });
      else if (index !== undefined) steps.push({ kind: 'index', index: Number(index), isDescendant });
      else steps.push({ kind: 'name', name: unescape(single ?? double ?? ''), isDescendant });
      at += all.length;
    } else {
      return steps.length === 0 ? undefined : { steps, length: at };
    }
  }
}

function unescape(text: string): string {
  return text.replaceAll(/\\(.)/g, '$1');
}
