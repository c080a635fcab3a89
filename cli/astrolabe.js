#!/usr/bin/env node
// Plain JavaScript, which every Node can run. An old Node would fail on TypeScript with ERR_UNKNOWN_FILE_EXTENSION,
// which tells the user nothing.
const NEEDED_MAJOR = 24;
const major = Number(process.versions.node.split('.')[0]);

if (major < NEEDED_MAJOR) {
  process.stderr.write(
    `astrolabe needs Node ${NEEDED_MAJOR}, and this is Node ${process.versions.node}. In the repository "npx astrolabe" runs the Node that "npm ci" installed.\n`,
  );
  process.exit(2);
}
await import('./src/main.ts');
