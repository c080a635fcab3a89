import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { loadedWith, readWebAssets } from './web-assets.ts';

const MAX_PAGE_BYTES = 100_000;

const assets = await readWebAssets('/console/');
const { imports } = JSON.parse(/<script type="importmap">(.*)<\/script>/.exec(assets.page)?.[1] ?? '{}') as {
  imports: Record<string, string>;
};
const closureOf = (path: string): readonly string[] => loadedWith(path, assets.files, imports, '/console/');
const sizeOf = (path: string): number => gzipSync(assets.files.get(path)?.body ?? '').length;

test('whichever page is opened first, all that it loads is less than 100 kB, compressed', () => {
  const pages = [...assets.files.keys()].filter((path) => /^web\/pages\/.*-page\.ts$/.test(path));
  assert.ok(pages.length > 15);
  for (const page of pages) {
    const loaded = new Set([
      ...closureOf('web/main.ts'),
      ...closureOf(page),
      'web/styles/console.css',
      'web/choose-theme.ts',
    ]);
    if (loaded.has('web/components/figures/chart.ts')) loaded.add('vendor/uplot.js');
    const bytes = [...loaded].reduce((sum, path) => sum + sizeOf(path), gzipSync(assets.page).length);
    assert.ok(bytes < MAX_PAGE_BYTES, `${page}: ${bytes} bytes`);
  }
});

test('the page loads what its first module needs at once, and nothing else before it is asked for', () => {
  const preloaded = [...assets.page.matchAll(/modulepreload" href="\/console\/assets\/([^"]+)"/g)].map(
    ([, path]) => path,
  );
  assert.ok(preloaded.includes('web/main.ts') && preloaded.includes('vendor/preact.js'));
  assert.ok(preloaded.includes('web/pages/overview/overview-page.ts'));
  assert.ok(!preloaded.includes('vendor/uplot.js') && !preloaded.includes('web/pages/live/live-page.ts'));
});

test('every import of every module is a file that is served', () => {
  for (const [path, { body }] of assets.files) {
    if (!path.endsWith('.ts')) continue;
    for (const [, specifier = ''] of body.matchAll(/(?:from|import\()\s*["'](\.[^"']+|[@a-z][^"' ]*)["']/g)) {
      if (!specifier.startsWith('.')) assert.ok(imports[specifier], `${path} imports ${specifier}`);
    }
    for (const loaded of closureOf(path)) assert.ok(assets.files.has(loaded));
  }
});

test('nothing that is served makes markup or code of text', () => {
  for (const [path, { body }] of assets.files) {
    if (!path.startsWith('web/')) continue;
    assert.doesNotMatch(
      body,
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|dangerously|\sstyle=/,
      path,
    );
    const code = body.replaceAll(/^\s*(\*|\/\/|\/\*).*$/gm, '').replaceAll('http://www.w3.org/2000/svg', '');
    assert.doesNotMatch(code, /https?:\/\/(?!your-ingest-host)/, path);
  }
});

test('no test and no test tool is served', () => {
  assert.deepEqual(
    [...assets.files.keys()].filter((path) => /testing|\.test\./.test(path)),
    [],
  );
});
