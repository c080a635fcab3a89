/** Which methods a path accepts: distinguishes an unknown path (404) from an unsupported method (405). */

export interface Route {
  readonly method: string;
  readonly path: string;
}

export class PathTable {
  readonly #methods = new Map<string, Set<string>>();
  readonly #patterns: { readonly pattern: RegExp; readonly methods: Set<string> }[] = [];

  /** `path` as routes are written: `/webhook/:connector`. */
  add(path: string, methods: readonly string[]): void {
    let known = this.#methods.get(path);
    if (known === undefined) {
      known = new Set();
      this.#methods.set(path, known);
      if (path.includes(':')) this.#patterns.push({ pattern: toPattern(path), methods: known });
    }
    for (const method of methods) known.add(method);
  }

  /** Every path as it was added, with its methods. */
  get routes(): readonly Route[] {
    return [...this.#methods].flatMap(([path, methods]) => [...methods].map((method) => ({ method, path })));
  }

  /**
   * Value of the `Allow` header, or undefined if the path does not exist. `url` is a path as requested, with or without
   * a query.
   */
  allowed(url: string): string | undefined {
    const [path = ''] = url.split('?', 1);
    const plain = path.replace(/\/{2,}/g, '/').replace(/(?<=.)\/$/, '');
    const methods =
      this.#methods.get(plain) ?? this.#patterns.find(({ pattern }) => pattern.test(plain))?.methods ?? undefined;
    return methods === undefined ? undefined : [...methods].join(', ');
  }
}

function toPattern(path: string): RegExp {
  const parts = path.split('/').map((part) => (part.startsWith(':') ? '[^/]+' : part.replaceAll('.', '\\.')));
  return new RegExp(`^${parts.join('/')}$`);
}
