/**
 * The files of the pages as they are sent, made once at start: TypeScript without its types, packages mapped to their
 * files, and the page with its import map. There is no build, and nothing is read while the console runs.
 */
import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { present } from '@astrolabe/service-kit/errors';
import { loadedWith } from '../core/pages/module-graph.ts';
import { pagePolicy } from '../core/pages/page-policy.ts';
import { stripTypes } from './strip-types.ts';
import type { VendorModule } from './vendor-modules.ts';

export interface WebFile {
  readonly contentType: string;
  readonly etag: string;
  readonly body: Buffer;
  /** Undefined where it would not be smaller. */
  readonly gzipped: Buffer | undefined;
}

export interface WebFiles {
  readonly page: WebFile;
  /** Of the page. */
  readonly contentSecurityPolicy: string;
  /** Of all files together: a name that is never used for another content. */
  readonly version: string;
  /** By path below `assets/VERSION/`. */
  readonly files: ReadonlyMap<string, WebFile>;
}

export interface WebFilesOptions {
  /** Of the pages: `index.html` and what it loads. */
  readonly folder: string;
  readonly vendors: readonly VendorModule[];
  readonly basePath: string;
}

const contentTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.ts': 'text/javascript; charset=utf-8',
  '.woff2': 'font/woff2',
};

/** Rejects if a file cannot be read, or a package is not installed. */
export async function readWebFiles({ folder, vendors, basePath }: WebFilesOptions): Promise<WebFiles> {
  const texts = new Map<string, Buffer>();
  for (const path of await sourcePaths(folder)) {
    const content = await readFile(join(folder, path));
    texts.set(`web/${path}`, path.endsWith('.ts') ? Buffer.from(stripTypes(content.toString())) : content);
  }
  const packages = new Map<string, string>();
  for (const vendor of vendors) {
    const path = `vendor/${vendor.name.replaceAll(/[@/]/g, '-')}.js`;
    packages.set(vendor.name, path);
    texts.set(path, Buffer.from(await vendorText(vendor)));
  }
  const version = versionOf(texts);
  const address = (path: string): string => `${basePath}/assets/${version}/${path}`;
  const importMap = JSON.stringify({
    imports: Object.fromEntries([...packages].map(([name, path]) => [name, address(path)])),
  });
  const preloads = loadedWith('web/main.ts', { textOf: (path) => texts.get(path)?.toString(), packages });
  const page = (await readFile(join(folder, 'index.html'), 'utf8'))
    .replaceAll('{{base}}assets/', address(''))
    .replaceAll('{{base}}', `${basePath}/`)
    .replace('{{importmap}}', () => importMap)
    .replace('{{preloads}}', () =>
      preloads.map((path) => `<link rel="modulepreload" href="${address(path)}" />`).join('\n    '),
    );
  const files = new Map<string, WebFile>();
  for (const [path, body] of texts) {
    files.set(path, await toFile(body, present(contentTypes[extname(path)], `the type of ${path}`)));
  }
  return {
    page: await toFile(Buffer.from(page), 'text/html; charset=utf-8'),
    contentSecurityPolicy: pagePolicy([`sha256-${sha256(importMap).toString('base64')}`]),
    version,
    files,
  };
}

async function sourcePaths(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .filter((path) => extname(path) in contentTypes)
    .filter((path) => !/(^|\/)testing\//.test(path) && !/\.(test|d)\.ts$/.test(path))
    .sort();
}

const require = createRequire(import.meta.url);

async function vendorText({ name, file, end = '' }: VendorModule): Promise<string> {
  const [scope = '', second = ''] = name.split('/');
  const packageName = scope.startsWith('@') ? `${scope}/${second}` : scope;
  const folders = require.resolve.paths(packageName) ?? [];
  for (const folder of folders) {
    const text = await readFile(join(folder, packageName, file), 'utf8').catch(() => undefined);
    // The map is not served: browsers would ask for it in vain.
    if (text !== undefined) return text.replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n') + end;
  }
  throw new Error(`${packageName}/${file}, which the pages load, is not installed; run "npm ci"`);
}

function versionOf(texts: ReadonlyMap<string, Buffer>): string {
  const hash = createHash('sha256');
  for (const [path, body] of [...texts].sort(([one], [other]) => (one < other ? -1 : 1))) {
    hash.update(`${path}\0${body.length}\0`).update(body);
  }
  return hash.digest('base64url').slice(0, 16);
}

async function toFile(body: Buffer, contentType: string): Promise<WebFile> {
  const gzipped = await promisify(gzip)(body, { level: 9 });
  // Weak: the compressed form has the same.
  const etag = `W/"${sha256(body).toString('base64url').slice(0, 22)}"`;
  return { contentType, etag, body, gzipped: gzipped.length < body.length ? gzipped : undefined };
}

function sha256(content: string | Buffer): Buffer {
  return createHash('sha256').update(content).digest();
}
