/**
 * Preloaded into every test process by `tools/run-tests.ts`. Node's own `--test-timeout` ends a test that hangs, but
 * not a file whose tests are done and that left a socket, timer or process open: it would never exit. Such a file fails
 * here, and the message says what it left open.
 */
const timeoutMs = Number(process.env.ASTROLABE_TEST_FILE_TIMEOUT_MS);

// Only in the processes of test files: the runner itself, and services that a test starts, have no such variable.
if (process.env.NODE_TEST_CONTEXT !== undefined && timeoutMs > 0) {
  setTimeout(() => {
    const open = process.getActiveResourcesInfo().join(', ');
    console.error(`${process.argv[1]}: still running after ${timeoutMs} ms, open: ${open}`);
    process.exit(1);
  }, timeoutMs).unref();
}
