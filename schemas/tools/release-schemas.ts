/**
 * Copies the current command schemas, self-contained as a registry gets them, to `avro/history/<version>/`, where the
 * compatibility test compares later schemas with them. Run once for each release that changed a schema: `npm run
 * release -w @astrolabe/schemas -- v2`. A released version is never overwritten.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { commandSchemaFolder, schemaFileName } from '../src/avro-files.ts';
import { commandSchemas } from '../src/command-schemas.ts';

const version = process.argv[2];
if (version === undefined || !/^v[1-9][0-9]*$/.test(version)) {
  process.stderr.write('Name the version to release, such as v2.\n');
  process.exitCode = 2;
} else {
  const folder = new URL(`history/${version}/`, commandSchemaFolder);
  mkdirSync(folder, { recursive: true });
  for (const { kind, schema } of Object.values(commandSchemas)) {
    writeFileSync(new URL(schemaFileName(kind), folder), `${JSON.stringify(schema, null, 2)}\n`, { flag: 'wx' });
  }
}
