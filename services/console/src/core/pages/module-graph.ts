/** Which files a module needs before it can run, as browsers find them one after the other. Pure. */
const importClause = /(?:^|[;}\s])(?:import|export)\b[^'"();]*?(?:from\s*)?["']([^"']+)["']/g;

export interface ModuleGraph {
  /** Text of a file by its path. Undefined: there is none. */
  readonly textOf: (path: string) => string | undefined;
  /** Path of a package's file by the package's name. */
  readonly packages: ReadonlyMap<string, string>;
}

/** The entry itself, what it imports, and what that imports; without what is imported on demand. */
export function loadedWith(entry: string, { textOf, packages }: ModuleGraph): readonly string[] {
  const found = new Set<string>();
  const queue = [entry];
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    const text = textOf(path);
    if (text === undefined || found.has(path)) continue;
    found.add(path);
    for (const [, specifier = ''] of text.matchAll(importClause)) {
      queue.push(packages.get(specifier) ?? besides(path, specifier));
    }
  }
  return [...found];
}

/** `../state/page.ts` beside `web/pages/live.ts` is `web/state/page.ts`. */
function besides(path: string, specifier: string): string {
  return new URL(specifier, `file:///${path}`).pathname.slice(1);
}
