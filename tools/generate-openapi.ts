/**
 * Writes the OpenAPI document that is made from code: `node tools/generate-openapi.ts [--check]`. `--check` exits 1 if
 * it does not agree with the code.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { consoleDocument } from '@astrolabe/console/openapi';
import { format, resolveConfig } from 'prettier';
import { stringify } from 'yaml';

const path = 'schemas/openapi/console.yaml';
const file = join(import.meta.dirname, '..', path);
const head =
  '# Made from the route table of services/console by "npm run generate". Change the routes, not this file.\n';

const options = { ...(await resolveConfig(file)), parser: 'yaml' } as const;
const after = await format(
  head + stringify(consoleDocument(), { aliasDuplicateObjects: false, lineWidth: 0 }),
  options,
);
if (after !== textOf(file)) {
  if (process.argv.includes('--check')) {
    process.stderr.write(`${path} does not agree with the code; run "npm run generate" and commit the result\n`);
    process.exitCode = 1;
  } else {
    writeFileSync(file, after);
    process.stdout.write(`${path} written\n`);
  }
}

function textOf(name: string): string | undefined {
  try {
    return readFileSync(name, 'utf8');
  } catch {
    return undefined;
  }
}
