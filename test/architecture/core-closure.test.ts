/**
 * The core decides and does nothing else: neither it nor whatever it loads, through however many imports, reaches the
 * world.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveImport } from './resolve-import.ts';
import { readSources, type LoadedModule, type SourceFile } from './source-files.ts';

const sources = readSources();
const byPath = new Map(sources.map((file) => [file.path, file]));

/** Computation only. Time, files, sockets and processes are none of it. */
const pureBuiltins: ReadonlySet<string> = new Set([
  'node:assert/strict',
  'node:buffer',
  'node:crypto',
  'node:querystring',
  'node:string_decoder',
  'node:url',
  'node:util',
  'node:util/types',
  'node:zlib',
]);
/** Of `node:net`: they look at a text. */
const pureNames: ReadonlySet<string> = new Set(['isIP', 'isIPv4', 'isIPv6']);

/** What everybody's core builds on must be as pure as the core itself. */
const pureEntries = [
  'schemas/src/index.ts',
  'packages/segment/src/index.ts',
  'packages/records/src/index.ts',
  'packages/replay/src/index.ts',
];

test('nothing that a core loads does I/O or comes from npm', () => {
  const cores = sources
    .filter(({ path, isTest }) => /\/src\/(.*\/)?core\//.test(path) && !isTest)
    .map(({ path }) => path);
  assert.ok(cores.length > 20, 'no cores were found');
  assert.deepEqual(cores.flatMap(impureChains), []);
});

test('the contracts load nothing that does I/O or comes from npm', () => {
  assert.deepEqual(pureEntries.flatMap(impureChains), []);
});

test('no module of packages/records loads kafkajs, zod, pino or prom-client', () => {
  const heavy: ReadonlySet<string> = new Set(['kafkajs', 'zod', 'pino', 'prom-client']);
  const modules = sources.filter(({ path, isTest }) => path.startsWith('packages/records/') && !isTest);
  assert.ok(modules.length > 10);
  const chains = modules.flatMap(({ path }) =>
    chainsTo(path, ({ specifier }, file) => {
      const to = resolveImport(file.path, specifier);
      return to.kind === 'package' && heavy.has(to.name);
    }),
  );
  assert.deepEqual(chains, []);
});

/** How a source comes to load what is impure: `core/a.ts -> b.ts -> node:fs`, one for each file that loads it. */
function impureChains(start: string): string[] {
  return chainsTo(start, (loaded, file) => {
    const to = resolveImport(file.path, loaded.specifier);
    if (to.kind === 'source') return false;
    if (to.kind === 'package') return true;
    const isOnlyPureNames = loaded.names.length > 0 && loaded.names.every((name) => pureNames.has(name));
    return !(pureBuiltins.has(to.name) || (to.name === 'node:net' && isOnlyPureNames));
  });
}

function chainsTo(start: string, isForbidden: (loaded: LoadedModule, file: SourceFile) => boolean): string[] {
  const chains: string[] = [];
  const seen = new Set([start]);
  const queue = [[start]];
  for (const chain of queue) {
    const file = byPath.get(chain.at(-1) ?? '');
    for (const loaded of file?.loads ?? []) {
      assert.ok(file !== undefined);
      if (isForbidden(loaded, file)) chains.push([...chain, loaded.specifier].join(' -> '));
      const to = resolveImport(file.path, loaded.specifier);
      if (to.kind !== 'source' || seen.has(to.path)) continue;
      seen.add(to.path);
      queue.push([...chain, to.path]);
    }
  }
  return chains;
}
