#!/usr/bin/env node
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { hideUrlCredentials } from '@astrolabe/service-kit';
import type { Terminal } from './command-context.ts';
import { runProgram } from './program.ts';

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // The second one ends the process at once.
  process.once(signal, () => interruption.abort(new Error('interrupted')));
}

/** Questions go to standard error, so that standard output has results only. */
const terminal: Terminal = {
  ask: async (question) => {
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    try {
      return await lines.question(question, { signal: interruption.signal });
    } finally {
      lines.close();
    }
  },
  askSecret: async (question) => {
    process.stderr.write(question);
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
    const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
    try {
      return await lines.question('', { signal: interruption.signal });
    } finally {
      lines.close();
      process.stderr.write('\n');
    }
  },
};

// `astrolabe tail | head`: the reader has seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const exitCode = await runProgram(process.argv.slice(2), {
  env: process.env,
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(hideUrlCredentials(text)),
  isTerminal: process.stderr.isTTY && process.env.TERM !== 'dumb',
  ...(process.stdin.isTTY && process.stderr.isTTY ? { terminal } : {}),
  signal: interruption.signal,
});
// Verbs end by themselves within milliseconds, with one exception: a broker that accepts the connection and never
// answers. The client gives up after 30 s but keeps trying in the background, which would keep the process alive for
// many minutes.
process.stdout.write('', () => process.stderr.write('', () => process.exit(exitCode)));
