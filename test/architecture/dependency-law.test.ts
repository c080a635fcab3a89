/** The dependency law of docs/architecture.md over the whole import graph, tests and types included. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { readSources, root, workspaceOf, type SourceFile } from './source-files.ts';

const sources = readSources();

const workspaceByPackage = new Map([
  ['@astrolabe/schemas', 'schemas'],
  ['@astrolabe/json', 'packages/json'],
  ['@astrolabe/segment', 'packages/segment'],
  ['@astrolabe/kafka', 'packages/kafka'],
  ['@astrolabe/ledger', 'packages/ledger'],
  ['@astrolabe/operations', 'packages/operations'],
  ['@astrolabe/service-kit', 'packages/service-kit'],
  ['@astrolabe/testkit', 'packages/testkit'],
  ['@astrolabe/ingest', 'services/ingest'],
  ['@astrolabe/mapper', 'services/mapper'],
  ['@astrolabe/dispatcher', 'services/dispatcher'],
  ['@astrolabe/reference-api', 'reference/astrolabe-api'],
  ['@astrolabe/cli', 'cli'],
  ['@astrolabe/demo', 'demo'],
  ['@astrolabe/chaos', 'chaos'],
]);

/** What the product's code of a workspace may import of ours. Tests may import the test tools beside. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  'packages/json': [],
  schemas: ['packages/json'],
  'packages/segment': ['packages/json'],
  'packages/service-kit': [],
  'packages/kafka': ['schemas', 'packages/service-kit'],
  'packages/ledger': ['packages/kafka', 'packages/service-kit'],
  'packages/operations': ['schemas', 'packages/segment', 'packages/kafka', 'packages/ledger', 'packages/service-kit'],
  'services/ingest': ['packages/segment', 'packages/kafka', 'packages/service-kit'],
  'services/mapper': ['schemas', 'packages/segment', 'packages/kafka', 'packages/service-kit'],
  'services/dispatcher': ['schemas', 'packages/kafka', 'packages/ledger', 'packages/service-kit'],
  'reference/astrolabe-api': ['schemas', 'packages/service-kit'],
  cli: [
    'schemas',
    'packages/segment',
    'packages/kafka',
    'packages/ledger',
    'packages/operations',
    'packages/service-kit',
  ],
};

test('every import between workspaces goes the way of the dependency law', () => {
  const breaches = sources.flatMap((file) => {
    const from = workspaceOf(file.path);
    const permitted = allowed[from];
    if (permitted === undefined) return [];
    return ourImports(file)
      .filter((to) => to !== from && !permitted.includes(to) && !(isTestCode(file) && isTestTool(to)))
      .map((to) => `${file.path} imports ${to}`);
  });
  assert.deepEqual(breaches, []);
});

test('services never import each other', () => {
  const breaches = sources.flatMap((file) =>
    ourImports(file)
      .filter(
        (to) =>
          to.startsWith('services/') && workspaceOf(file.path).startsWith('services/') && to !== workspaceOf(file.path),
      )
      .map((to) => `${file.path} imports ${to}`),
  );
  assert.deepEqual(breaches, []);
});

test('test tools and the reference API are imported by tests, demo, bench and chaos only', () => {
  const breaches = sources
    .filter((file) => !isTestCode(file) && !isTestTool(workspaceOf(file.path)))
    .flatMap((file) =>
      ourImports(file)
        .filter((to) => isTestTool(to) && to !== workspaceOf(file.path))
        .map((to) => `${file.path} imports ${to}`),
    );
  assert.deepEqual(breaches, []);
});

test('kafkajs is imported in packages/kafka, packages/testkit and the baselines of the bench only', () => {
  const homes = ['packages/kafka/', 'packages/testkit/', 'bench/src/baselines/'];
  const breaches = sources
    .filter(({ path }) => !homes.some((home) => path.startsWith(home)))
    .filter(({ imports }) => imports.some((name) => /^@?kafkajs(\/|$)/.test(name)))
    .map(({ path }) => path);
  assert.deepEqual(breaches, []);
});

test('a workspace declares every package that its sources import', () => {
  const breaches = sources.flatMap((file) => {
    const workspace = workspaceOf(file.path);
    const declared = declaredIn(workspace);
    return (
      file.imports
        .filter((name) => !name.startsWith('.') && !name.startsWith('node:'))
        .map(packageName)
        .filter((name) => !declared.has(name) && name !== ownName(workspace))
        // The root's tools see every workspace: npm links them all into its node_modules.
        .filter((name) => !(workspace === 'tools' && workspaceByPackage.has(name)))
        .map((name) => `${file.path} imports ${name}, which ${workspace}/package.json does not declare`)
    );
  });
  assert.deepEqual(breaches, []);
});

test('no file imports itself by way of others', () => {
  const byPath = new Map(sources.map((file) => [file.path, file]));
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    assert.equal(start, -1, `import cycle: ${[...trail.slice(start), path].join(' -> ')}`);
    if (done.has(path)) return;
    for (const next of relativeImports(byPath.get(path))) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const { path } of sources) visit(path, []);
});

test('files stay small enough to hold in the head', () => {
  const tooLong = sources
    .filter(({ path, isTest }) => !isTest && !path.includes('/generated/'))
    .map(({ path, text }) => ({ path, lines: text.split('\n').length }))
    .filter(({ lines }) => lines > 320);
  assert.deepEqual(tooLong, []);
});

test('no file or folder is named for holding whatever came along', () => {
  const vague = /(^|[/.-])(utils?|helpers?|common|misc|manager|base)([/.-]|$)/;
  assert.deepEqual(
    sources.map(({ path }) => path).filter((path) => vague.test(path)),
    [],
  );
});

function isTestCode(file: SourceFile): boolean {
  return file.isTest || /^(test|tools)\//.test(file.path) || /\/(testing|test)\//.test(file.path);
}

function isTestTool(workspace: string): boolean {
  return ['packages/testkit', 'reference/astrolabe-api', 'demo', 'bench', 'chaos', 'test', 'tools'].includes(workspace);
}

function ourImports({ imports }: SourceFile): string[] {
  return imports.flatMap((name) => workspaceByPackage.get(packageName(name)) ?? []);
}

function relativeImports(file: SourceFile | undefined): string[] {
  if (file === undefined) return [];
  return file.imports
    .filter((name) => name.startsWith('.') && name.endsWith('.ts'))
    .map((name) => normalize(join(dirname(file.path), name)));
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function ownName(workspace: string): string | undefined {
  return [...workspaceByPackage].find(([, folder]) => folder === workspace)?.[0];
}

function declaredIn(workspace: string): ReadonlySet<string> {
  const manifests = ['package.json', ...(workspace === 'tools' ? [] : [`${workspace}/package.json`])];
  return new Set(
    manifests.flatMap((path) => {
      const manifest = JSON.parse(readFileSync(join(root, path), 'utf8')) as Record<
        string,
        Record<string, string> | undefined
      >;
      return [...Object.keys(manifest['dependencies'] ?? {}), ...Object.keys(manifest['devDependencies'] ?? {})];
    }),
  );
}
