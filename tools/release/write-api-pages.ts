/** Writes a page for each OpenAPI document: `npm run api-docs` → `dist/api/ingest.html` and so on. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadOpenApi, openApiNames } from '@astrolabe/schemas/testing';
import { renderApiPage } from './api-page.ts';

const folder = resolve(import.meta.dirname, '../../dist/api');

mkdirSync(folder, { recursive: true });
for (const name of openApiNames) {
  const { document } = loadOpenApi(name);
  const path = join(folder, `${name}.html`);
  writeFileSync(path, renderApiPage({ title: document.info.title, document }));
  process.stdout.write(`${path}\n`);
}
