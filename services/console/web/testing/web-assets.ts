/**
 * The files of the browser side as they are sent: types stripped from TypeScript, packages mapped to their files, and
 * the page with its import map and what it is going to load.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire, stripTypeScriptTypes } from 'node:module';
import { dirname, extname, join, posix, relative } from 'node:path';

export interface Asset {
  readonly contentType: string;
  readonly body: string;
}

export interface WebAssets {
  readonly page: string;
  readonly contentSecurityPolicy: string;
  /** By path below `assets/`. */
  readonly files: ReadonlyMap<string, Asset>;
}

const folder = join(import.meta.dirname, '..');
const require = createRequire(import.meta.url);

/** Packages that the browser loads, with the file of each. */
const vendors: readonly { readonly name: string; readonly file: string; readonly end?: string }[] = [
  { name: 'preact', file: 'preact/dist/preact.mjs' },
  { name: 'preact/hooks', file: 'preact/hooks/dist/hooks.mjs' },
  { name: '@preact/signals-core', file: '@preact/signals-core/dist/signals-core.mjs' },
  { name: '@preact/signals', file: '@preact/signals/dist/signals.mjs' },
  { name: 'htm', file: 'htm/dist/htm.mjs' },
  // Its module is not minified, and twice as large as this script, which makes a variable.
  { name: 'uplot', file: 'uplot/dist/uPlot.iife.min.js', end: '\nexport default uPlot;\n' },
];

const contentTypes: Readonly<Record<string, string>> = {
  '.ts': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** `base`: with both slashes. */
export async function readWebAssets(base: string): Promise<WebAssets> {
  const files = new Map<string, Asset>();
  for (const path of await sourcePaths(folder)) {
    const text = await readFile(join(folder, path), 'utf8');
    const contentType = contentTypes[extname(path)];
    if (contentType === undefined) continue;
    files.set(`web/${path}`, { contentType, body: path.endsWith('.ts') ? stripTypeScriptTypes(text) : text });
  }
  const imports: Record<string, string> = {};
  for (const { name, file, end = '' } of vendors) {
    const path = `vendor/${name.replaceAll(/[@/]/g, '-')}.js`;
    imports[name] = `${base}assets/${path}`;
    const body = (await readFile(vendorPath(file), 'utf8')).replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n') + end;
    files.set(path, { contentType: contentTypes['.ts'] ?? '', body });
  }
  const importMap = JSON.stringify({ imports });
  const hash = createHash('sha256').update(importMap).digest('base64');
  const preloads = loadedWith('web/main.ts', files, imports, base)
    .map((path) => `<link rel="modulepreload" href="${base}assets/${path}" />`)
    .join('\n    ');
  const page = (await readFile(join(folder, 'index.html'), 'utf8'))
    .replaceAll('{{base}}', base)
    .replace('{{importmap}}', importMap)
    .replace('{{preloads}}', preloads);
  const contentSecurityPolicy = [
    "default-src 'none'",
    `script-src 'self' 'sha256-${hash}'`,
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
  return { page, contentSecurityPolicy, files };
}

/** From the folder of node_modules that holds the package. */
function vendorPath(file: string): string {
  const name = file.startsWith('@') ? file.split('/').slice(0, 2).join('/') : (file.split('/')[0] ?? '');
  const found = require.resolve.paths(name)?.map((modules) => join(modules, file)) ?? [];
  for (const path of found) {
    try {
      return require.resolve(path);
    } catch {
      continue;
    }
  }
  throw new Error(`${file} is not installed; run "npm ci"`);
}

async function sourcePaths(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((path) => !path.startsWith('testing/') && !/\.(test|property)\.ts$/.test(path))
    .sort();
}

/** What a module imports when it is loaded, and what that imports, without what is imported on demand. */
export function loadedWith(
  entry: string,
  files: ReadonlyMap<string, Asset>,
  imports: Readonly<Record<string, string>>,
  base: string,
): readonly string[] {
  const seen = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const [, specifier = ''] of (files.get(path)?.body ?? '').matchAll(
      /(?:^|[;}\s])(?:import|export)\b[^'"();]*?from\s*["']([^"']+)["']/g,
    )) {
      const mapped = imports[specifier]?.slice(`${base}assets/`.length);
      visit(mapped ?? posix.join(dirname(path), specifier));
    }
  };
  visit(entry);
  return [...seen].filter((path) => files.has(path));
}
