import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { makeWebFolder, pageFiles } from '../testing/web-folder.ts';
import { stripTypes } from './strip-types.ts';
import { vendorModules } from './vendor-modules.ts';
import { readWebFiles } from './web-files.ts';

test('types become spaces: lines and columns stay, so a fault is found where it is written', () => {
  const text = 'interface A {\n  readonly b: number;\n}\nconst a: A = { b: 1 } as A; throw a;\n';
  const stripped = stripTypes(text);
  assert.equal(stripped, '             \n                     \n \nconst a    = { b: 1 }     ; throw a;\n');
  assert.equal(stripped.length, text.length);
});

test('syntax that is more than types is a fault at start, not in the browser', () => {
  assert.throws(() => stripTypes('enum A { b }'));
});

test('no warning is printed for the function that Node calls experimental, and others still are', async () => {
  const warnings: string[] = [];
  const onWarning = ({ message }: Error): unknown => warnings.push(message);
  process.on('warning', onWarning);
  stripTypes('const a: number = 1;');
  process.emitWarning('another');
  await new Promise(setImmediate);
  process.off('warning', onWarning);
  assert.deepEqual(warnings, ['another']);
});

test('the page loads what its first module needs at once, by names that change with the content', async (t) => {
  const folder = await makeWebFolder(t);
  const read = () => readWebFiles({ folder, vendors: vendorModules, basePath: '/ops' });
  const web = await read();
  const page = web.page.body.toString();
  const address = `/ops/assets/${web.version}`;
  assert.deepEqual(
    [...page.matchAll(/modulepreload" href="([^"]+)"/g)].map(([, path]) => path),
    [`${address}/web/main.ts`, `${address}/vendor/preact.js`, `${address}/web/state/answer.ts`],
  );
  assert.ok(page.includes(`src="${address}/web/main.ts"`) && page.includes('data-base="/ops/"'));
  assert.equal((await read()).version, web.version);
  await writeFile(join(folder, 'later.ts'), 'export const later = false;\n');
  assert.notEqual((await read()).version, web.version);
});

test('the policy names the import map by its hash, and allows no other text of the page to run', async (t) => {
  const web = await readWebFiles({ folder: await makeWebFolder(t), vendors: vendorModules, basePath: '' });
  const importMap = /<script type="importmap">(.*)<\/script>/.exec(web.page.body.toString())?.[1] ?? '';
  const hash = createHash('sha256').update(importMap).digest('base64');
  assert.equal(
    web.contentSecurityPolicy,
    `default-src 'none'; script-src 'self' 'sha256-${hash}'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'`,
  );
  const { imports } = JSON.parse(importMap) as { readonly imports: Readonly<Record<string, string>> };
  assert.deepEqual(
    Object.keys(imports),
    vendorModules.map(({ name }) => name),
  );
  for (const path of Object.values(imports))
    assert.ok(web.files.has(path.replace(`/assets/${web.version}/`, '')), path);
});

test('neither tests nor their tools are served, and whatever compresses is compressed', async (t) => {
  const { files } = await readWebFiles({ folder: await makeWebFolder(t), vendors: [], basePath: '' });
  assert.deepEqual([...files.keys()], ['web/later.ts', 'web/main.ts', 'web/page.css', 'web/state/answer.ts']);
  const sheet = files.get('web/page.css');
  assert.ok(sheet?.gzipped !== undefined);
  assert.equal(gunzipSync(sheet.gzipped).toString(), pageFiles['page.css']);
  assert.equal(files.get('web/state/answer.ts')?.contentType, 'text/javascript; charset=utf-8');
});

test('a package that is not installed is named, with what to do', async (t) => {
  const folder = await makeWebFolder(t);
  const vendors = [{ name: '@none/such', file: 'index.js' }];
  await assert.rejects(readWebFiles({ folder, vendors, basePath: '' }), /@none\/such\/index\.js.*npm ci/);
});
