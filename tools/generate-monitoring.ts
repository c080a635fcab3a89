/**
 * Writes what watches the pipeline: `node tools/generate-monitoring.ts [--check]`. Alert rules, their promtool tests
 * and Grafana dashboards come from `tools/monitoring`; `--check` exits 1 if what is checked in differs.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { monitoringFiles } from './monitoring/monitoring-files.ts';

const root = join(import.meta.dirname, '..');
const check = process.argv.includes('--check');

for (const [path, content] of await monitoringFiles()) {
  const file = join(root, path);
  if (content === readIfThere(file)) continue;
  if (check) {
    process.stderr.write(`${path} does not agree with its source; run "npm run generate" and commit the result\n`);
    process.exitCode = 1;
  } else {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    process.stdout.write(`${path} written\n`);
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
