#!/usr/bin/env node
// Plain JavaScript, which every Node runs: one that cannot run TypeScript would fail with ERR_UNKNOWN_FILE_EXTENSION
// and no explanation.
const NEEDED_MAJOR = 24;
const major = Number(process.versions.node.split('.')[0]);

if (major < NEEDED_MAJOR) {
  process.stderr.write(
    `astrolabe needs Node ${NEEDED_MAJOR}, and this is Node ${process.versions.node}. In the repository "npx astrolabe" runs the Node that "npm ci" installed.\n`,
  );
  process.exit(2);
}
await import('./src/main.ts');
