import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const HEAP_MIB = 128;
const entry = fileURLToPath(new URL('../fixtures/restore-without-end.ts', import.meta.url));

test(
  'a mapper whose partitions hold more users than its heap has room for stops with a clear fault before V8 ends it',
  { timeout: 60_000 },
  async () => {
    const child = spawn(process.execPath, [`--max-old-space-size=${HEAP_MIB}`, entry], { stdio: 'pipe' });
    const [output, errors, [exitCode]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit') as Promise<[number | null]>,
    ]);
    assert.equal(exitCode, 1, errors);
    const { code, message, users } = JSON.parse(output) as { code: string; message: string; users: number };
    assert.equal(code, 'mapper.state-too-large');
    assert.match(message, /--max-old-space-size in NODE_OPTIONS above \d+/);
    assert.ok(users > 100_000, `${users} found room before`);
  },
);
