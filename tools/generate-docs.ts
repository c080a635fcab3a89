/**
 * Fills the generated parts of the documentation: `node tools/generate-docs.ts [--check]`. What the code knows
 * (variables, metrics, error codes, topics, headers) stands in the documents between markers, so that the two cannot
 * drift apart; `--check` exits 1 if they have.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { sections } from './generated-sections.ts';

const root = join(import.meta.dirname, '..');
const documents = [
  'docs/architecture.md',
  'docs/configuration.md',
  'docs/delivery.md',
  'docs/errors.md',
  'docs/metrics.md',
  'docs/operating.md',
  'docs/security.md',
];
const check = process.argv.includes('--check');
const options = { ...(await resolveConfig(join(root, 'docs/x.md'))), parser: 'markdown' } as const;

const used = new Set<string>();
let stale = false;
for (const path of documents) {
  const file = join(root, path);
  const before = readFileSync(file, 'utf8');
  const after = await format(fill(before, path), options);
  if (after === before) continue;
  if (check) {
    process.stderr.write(`${path} does not agree with the code; run "npm run generate" and commit the result\n`);
    stale = true;
  } else {
    writeFileSync(file, after);
    process.stdout.write(`${path} written\n`);
  }
}
const unused = Object.keys(sections).filter((name) => !used.has(name));
if (unused.length > 0) throw new Error(`no document has a place for: ${unused.join(', ')}`);
process.exitCode = stale ? 1 : 0;

function fill(text: string, path: string): string {
  return text.replace(
    /(<!-- generated: (.+?) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_whole, open: string, name: string, close: string) => {
      const render = sections[name];
      if (render === undefined) throw new Error(`${path} asks for "${name}", which no generator makes`);
      used.add(name);
      return `${open}\n${render()}\n${close}`;
    },
  );
}
