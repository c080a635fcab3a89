/** What is sent to browsers: how much it is, and what is not in it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadedWith, type ModuleGraph } from '../../src/core/pages/module-graph.ts';
import { vendorModules } from '../../src/server/vendor-modules.ts';
import { readPages } from './web-server.ts';

const MAX_PAGE_BYTES = 100_000;

const web = await readPages('/console');
const paths = [...web.files.keys()];
const textOf = (path: string): string | undefined => web.files.get(path)?.body.toString();
const graph: ModuleGraph = {
  textOf,
  packages: new Map(vendorModules.map(({ name }) => [name, `vendor/${name.replaceAll(/[@/]/g, '-')}.js`])),
};
const sizeOf = (path: string): number => web.files.get(path)?.gzipped?.length ?? web.files.get(path)?.body.length ?? 0;

test('whichever page is opened first, all that it loads is less than 100 kB, compressed', () => {
  const pages = paths.filter((path) => /^web\/pages\/.*-page\.ts$/.test(path));
  assert.ok(pages.length > 15);
  for (const page of pages) {
    const beside = ['web/styles/console.css', 'web/styles/icon.svg', 'web/choose-theme.ts'];
    const loaded = new Set([...loadedWith('web/main.ts', graph), ...loadedWith(page, graph), ...beside]);
    if (loaded.has('web/components/figures/chart.ts')) loaded.add('vendor/uplot.js');
    const bytes = [...loaded].reduce((sum, path) => sum + sizeOf(path), web.page.gzipped?.length ?? 0);
    assert.ok(bytes < MAX_PAGE_BYTES, `${page}: ${bytes} bytes`);
  }
});

test('the page loads what its first module needs at once, and nothing else before it is asked for', () => {
  const first = loadedWith('web/main.ts', graph);
  assert.ok(first.includes('vendor/preact.js') && first.includes('web/pages/overview/overview-page.ts'));
  assert.ok(!first.includes('vendor/uplot.js') && !first.includes('web/pages/live/live-page.ts'));
  const page = web.page.body.toString();
  for (const path of first)
    assert.ok(page.includes(`modulepreload" href="/console/assets/${web.version}/${path}"`), path);
});

test('every module that is imported is sent', () => {
  for (const path of paths.filter((each) => each.endsWith('.ts'))) {
    for (const [, specifier = ''] of (textOf(path) ?? '').matchAll(/(?:\sfrom |import\()'([^'\n]+)'/g)) {
      const wanted = graph.packages.get(specifier) ?? new URL(specifier, `file:///${path}`).pathname.slice(1);
      assert.ok(web.files.has(wanted), `${path} imports ${specifier}`);
    }
  }
});

test('nothing that is sent makes markup or code of text, or names another host', () => {
  const forbidden = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|dangerously|\sstyle=/;
  for (const path of paths.filter((each) => each.startsWith('web/'))) {
    const text = textOf(path) ?? '';
    assert.doesNotMatch(text, forbidden, path);
    const code = text.replaceAll(/^\s*(\*|\/\/|\/\*).*$/gm, '').replaceAll('http://www.w3.org/2000/svg', '');
    assert.doesNotMatch(code, /https?:\/\/(?!your-ingest-host)/, path);
  }
});

test('no test and no test tool is sent', () => {
  assert.deepEqual(
    paths.filter((path) => /testing|\.test\./.test(path)),
    [],
  );
});
