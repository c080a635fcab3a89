/**
 * Breaks each alert on purpose and asks promtool whether its situations notice: `node tools/try-alert-mutants.ts`.
 *
 * Exit codes: 0 each was noticed; 1 one was not; 75 there is no promtool (said aloud).
 */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alertGroups, renderAlertRules, renderAlertTests } from './monitoring/alert-files.ts';
import { readFindings, trialsOf, type Trial } from './monitoring/mutants/alert-mutants.ts';

const CANNOT_HERE = 75;

const trials = Object.values(alertGroups).flat().flatMap(trialsOf);
const folder = mkdtempSync(join(tmpdir(), 'alert-mutants-'));
try {
  process.exitCode = main();
} finally {
  rmSync(folder, { recursive: true });
}

function main(): number {
  for (const trial of trials) {
    const rules = `${trial.name}.rules.yml`;
    writeFileSync(join(folder, rules), renderAlertRules({ mutant: [trial.rule] }));
    writeFileSync(join(folder, fileOf(trial)), renderAlertTests(rules, { mutant: [trial.rule] }));
  }
  // It names each file on its standard output and says what failed on its standard error: one file keeps the order.
  const outputPath = join(folder, 'output');
  const output = openSync(outputPath, 'w');
  // One process for all of them: most of the time of one would be its start.
  const tried = spawnSync('promtool', ['test', 'rules', ...trials.map(fileOf)], {
    cwd: folder,
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  if (tried.error !== undefined) {
    console.error(`the alerts were not broken on purpose, since promtool did not run: ${tried.error.message}`);
    return CANNOT_HERE;
  }
  const findings = readFindings(trials, readFileSync(outputPath, 'utf8'), fileOf);
  for (const { trial, found, output: printed } of findings) {
    const says = found === 'nothing' ? 'comes to no verdict' : `says that it ${found}`;
    console.error(`${trial.name}: expected that it ${trial.expected}; promtool ${says}`);
    console.error(`${trial.rule.expr}\n${printed.trimEnd()}`);
  }
  console.log(`${trials.length - findings.length} of ${trials.length} trials of alerts ended as expected`);
  return findings.length === 0 ? 0 : 1;
}

function fileOf({ name }: Trial): string {
  return `${name}.test.yml`;
}
