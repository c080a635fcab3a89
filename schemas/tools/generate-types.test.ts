import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

const packageFolder = fileURLToPath(new URL('..', import.meta.url));
const output = 'src/generated/commands.ts';

function copyOfPackage(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'schemas-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const part of ['avro', 'src', 'tools', 'package.json']) {
    cpSync(join(packageFolder, part), join(folder, part), { recursive: true });
  }
  symlinkSync(join(packageFolder, '..', 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

test('the checked-in types are those of the schemas, and a second run writes the same', (t) => {
  const folder = copyOfPackage(t);
  rmSync(join(folder, output));
  execFileSync(process.execPath, ['tools/generate-types.ts'], { cwd: folder });
  assert.equal(readFileSync(join(folder, output), 'utf8'), readFileSync(join(packageFolder, output), 'utf8'));
});

test('a schema that changed without its types fails the check, which says what to do', (t) => {
  const folder = copyOfPackage(t);
  const schemaFile = join(folder, 'avro/delete-user.avsc');
  writeFileSync(schemaFile, readFileSync(schemaFile, 'utf8').replace('"User to remove."', '"Whom to remove."'));
  const { status, stderr } = spawnSync(process.execPath, ['tools/generate-types.ts', '--check'], {
    cwd: folder,
    encoding: 'utf8',
  });
  assert.equal(status, 1);
  assert.match(stderr, /npm run generate/);
});
