import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isPassword, parsePasswordHash } from '@astrolabe/operations';
import { runAstrolabe } from '../testing/run-astrolabe.ts';

const PASSWORD = 'correct horse battery';

async function isHashOf(line: string, name: string, password: string): Promise<boolean> {
  assert.ok(line.startsWith(`${name}:`), line);
  const known = parsePasswordHash(line.trim().slice(name.length + 1));
  assert.ok(known !== undefined, line);
  return isPassword(password, known);
}

test('the password is asked for twice, and what is printed is the line of the user alone', async () => {
  const { exitCode, stdout } = await runAstrolabe(
    ['console', 'hash-password', 'ann'],
    {},
    {
      answers: [PASSWORD, PASSWORD],
    },
  );
  assert.equal(exitCode, 0);
  assert.equal(await isHashOf(stdout, 'ann', PASSWORD), true);
  assert.ok(!stdout.includes(PASSWORD));
});

test('the password can be in a file, whose last line break is not part of it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'astrolabe-password-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'ann');
  await writeFile(path, `${PASSWORD}\n`);
  const { exitCode, stdout } = await runAstrolabe(['console', 'hash-password', 'ann', '--password-file', path]);
  assert.equal(exitCode, 0);
  assert.equal(await isHashOf(stdout, 'ann', PASSWORD), true);
});

for (const [title, args, answers, message] of [
  ['two passwords that differ', ['ann'], [PASSWORD, `${PASSWORD}!`], /differ/],
  ['a short password', ['ann'], ['hunter2', 'hunter2'], /at least 12/],
  ['a name that the file cannot hold', ['an:n'], [PASSWORD, PASSWORD], /A name has/],
  ['no terminal to ask on', ['ann'], undefined, /--password-file/],
  ['a file that is not there', ['ann', '--password-file', '/none/such'], undefined, /cannot be read/],
] as const) {
  test(`${title}: wrong usage, and nothing is printed`, async () => {
    const { exitCode, stdout, stderr } = await runAstrolabe(
      ['console', 'hash-password', ...args],
      {},
      {
        ...(answers !== undefined && { answers }),
      },
    );
    assert.equal(exitCode, 2);
    assert.equal(stdout, '');
    assert.match(stderr, message);
    assert.ok(!stderr.includes(PASSWORD));
  });
}
