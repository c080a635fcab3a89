import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { suite, test } from 'node:test';

/** Runs a service in a process of its own and returns its log lines and how it ended. */
async function run(afterStart: string, signal?: NodeJS.Signals) {
  const moduleUrl = (file: string) => JSON.stringify(new URL(file, import.meta.url).href);
  const source = `
    import { createServer } from 'node:http';
    import { runService } from ${moduleUrl('./lifecycle.ts')};
    import { createLogger } from ${moduleUrl('../logs/logger.ts')};
    const logger = createLogger({ name: 'mapper', level: 'info' });
    await runService({
      name: 'mapper',
      logger,
      shutdownTimeoutMs: 5_000,
      async start(stack) {
        const server = createServer().listen(0, '127.0.0.1');
        stack.defer('the server', async () => {
          server.close();
          logger.info('closed');
        });
        logger.info('listening');
        ${afterStart}
      },
    });
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const messages: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const { msg } = JSON.parse(line) as { msg: string };
    messages.push(msg);
    if (msg === 'listening' && signal) child.kill(signal);
  }
  const [exitCode] = (await exited) as [number | null];
  return { messages, exitCode };
}

suite('in a process of its own', { concurrency: true }, () => {
  test('a real SIGTERM stops the service, and its last log line is not lost', async () => {
    const { messages, exitCode } = await run('', 'SIGTERM');
    assert.equal(exitCode, 0);
    assert.deepEqual(messages, ['mapper starting', 'listening', 'mapper stopping', 'closed', 'mapper stopped']);
  });

  test('a rejection that nobody handles stops the service with 1', async () => {
    const { messages, exitCode } = await run(`void Promise.reject(new Error('lost'));`);
    assert.equal(exitCode, 1);
    assert.deepEqual(messages, ['mapper starting', 'listening', 'mapper cannot go on', 'closed', 'mapper stopped']);
  });
});
