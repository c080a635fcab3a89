/**
 * Audits the dependencies that run in production: `npm run audit`. Exit codes: 0 clean, or every finding is answered in
 * docs/dependencies.md; 1 one is not; 75 the registry does not audit (said aloud).
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { judgeAudit } from './audit-findings.ts';

const CANNOT_HERE = 75;
const root = resolve(import.meta.dirname, '../..');

const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
  cwd: root,
  encoding: 'utf8',
  shell: process.platform === 'win32',
});
const [, answers] = readFileSync(join(root, 'docs/dependencies.md'), 'utf8').split('### Answered findings\n');
if (answers === undefined) throw new Error('docs/dependencies.md has no place for answered findings');
const verdict = judgeAudit(stdout, answers);
switch (verdict.kind) {
  case 'clean':
    console.log(`npm audit: ${verdict.answered.length} findings, each answered in docs/dependencies.md`);
    break;
  case 'unanswered':
    for (const { id, packageName, severity, title } of verdict.findings)
      console.error(`${packageName}: ${title} (${severity}, ${id})`);
    console.error('update the packages, or answer each finding in docs/dependencies.md');
    process.exitCode = 1;
    break;
  case 'not-audited':
    console.error(`npm audit: the registry does not audit: ${verdict.reason}`);
    process.exitCode = CANNOT_HERE;
}
