/**
 * Runs test files, each in a process of its own, in the order given (`node --test` sorts them by name):
 *
 *     node tools/run-test-files.ts --concurrency N --timeout MS --preload FILE file...
 *
 * The exit code is 0 only if all passed.
 */
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { parseArgs } from 'node:util';

const { values, positionals: files } = parseArgs({
  options: {
    concurrency: { type: 'string' },
    timeout: { type: 'string' },
    preload: { type: 'string' },
  },
  allowPositionals: true,
});

// Until the summary of all files says otherwise: a run that is cut short has not passed.
process.exitCode = 1;
run({
  files,
  concurrency: Number(values.concurrency),
  // Of each test; as an option of `run` it would be of a whole file.
  execArgv: [`--test-timeout=${values.timeout}`, ...(values.preload === undefined ? [] : ['--import', values.preload])],
})
  .on('test:summary', ({ file, success }) => {
    if (file === undefined && success) process.exitCode = 0;
  })
  .compose(spec)
  .pipe(process.stdout);
