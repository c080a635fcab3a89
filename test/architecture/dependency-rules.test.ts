/** The direction of dependencies (docs/architecture.md) over the whole import graph, tests and types included. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTestCode, packageName, readSources, workspaceOf, type SourceFile } from './source-files.ts';
import { workspaceByPackage } from './workspaces.ts';

const sources = readSources();

const testTools = new Set([
  'packages/testkit',
  'packages/local-pipeline',
  'reference/astrolabe-api',
  'demo',
  'bench',
  'chaos',
  'test',
  'tools',
]);

/** What the product's code of a workspace may import of ours. Tests may import the test tools beside. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  'packages/json': [],
  schemas: ['packages/json'],
  'packages/segment': ['packages/json'],
  'packages/service-kit': [],
  'packages/records': ['schemas', 'packages/service-kit'],
  'packages/replay': ['schemas', 'packages/service-kit', 'packages/records'],
  'packages/tracing': ['packages/service-kit', 'packages/records', 'packages/replay'],
  'packages/kafka': ['schemas', 'packages/service-kit', 'packages/records'],
  'packages/processing': ['packages/service-kit', 'packages/records', 'packages/replay', 'packages/kafka'],
  'packages/ledger': ['packages/service-kit', 'packages/records', 'packages/kafka'],
  'packages/operations': [
    'schemas',
    'packages/json',
    'packages/segment',
    'packages/service-kit',
    'packages/records',
    'packages/replay',
    'packages/kafka',
    'packages/processing',
    'packages/ledger',
  ],
  'services/ingest': [
    'packages/segment',
    'packages/service-kit',
    'packages/records',
    'packages/tracing',
    'packages/kafka',
  ],
  'services/mapper': [
    'schemas',
    'packages/segment',
    'packages/service-kit',
    'packages/records',
    'packages/replay',
    'packages/tracing',
    'packages/kafka',
    'packages/processing',
  ],
  'services/dispatcher': [
    'schemas',
    'packages/service-kit',
    'packages/records',
    'packages/replay',
    'packages/tracing',
    'packages/kafka',
    'packages/processing',
    'packages/ledger',
  ],
  'services/console': [
    'schemas',
    'packages/json',
    'packages/segment',
    'packages/service-kit',
    'packages/records',
    'packages/replay',
    'packages/tracing',
    'packages/kafka',
    'packages/processing',
    'packages/ledger',
    'packages/operations',
  ],
  'reference/astrolabe-api': ['schemas', 'packages/service-kit'],
  cli: [
    'schemas',
    'packages/segment',
    'packages/service-kit',
    'packages/records',
    'packages/kafka',
    'packages/processing',
    'packages/ledger',
    'packages/operations',
  ],
};

/** What tests may import beside. Ingest reads no command; its own contract is documented beside the other ones. */
const allowedInTests: Readonly<Record<string, readonly string[]>> = { 'services/ingest': ['schemas'] };

test('every import between workspaces follows the dependency rules', () => {
  const breaches = sources.flatMap((file) => {
    const from = workspaceOf(file.path);
    const permitted = allowed[from];
    if (permitted === undefined) return [];
    return ourImports(file)
      .filter((to) => to !== from && !permitted.includes(to))
      .filter((to) => !(isTestCode(file) && (isTestTool(to) || allowedInTests[from]?.includes(to) === true)))
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

test('chaos and tests do not import the demo', () => {
  const breaches = sources
    .filter(({ path }) => workspaceOf(path) !== 'demo')
    .filter((file) => ourImports(file).includes('demo'))
    .map(({ path }) => path);
  assert.deepEqual(breaches, []);
});

function isTestTool(workspace: string): boolean {
  return testTools.has(workspace);
}

function ourImports({ imports }: SourceFile): string[] {
  return imports.flatMap((name) => workspaceByPackage.get(packageName(name)) ?? []);
}
