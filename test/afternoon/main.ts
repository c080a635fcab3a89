/**
 * A newcomer's afternoon: `.ci/afternoon.sh`, which says what it needs. From a secured Kafka to an event at the API,
 * and to an alert that fires and is resolved, with what the chart renders.
 *
 * Exit codes: 0 all of it held; 1 something did not; 2 started without its programs; 75 this machine cannot run all of
 * it (said aloud).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorMessage, isPipelineError } from '@astrolabe/service-kit/errors';
import { guardian } from '@astrolabe/testkit';
import { runAfternoon } from './afternoon.ts';

const WRONG_USAGE = 2;
const CANNOT_HERE = 75;

const { HELM: helm, KAFKA_TOOLS_JAR: toolsJar, PROMETHEUS: prometheus } = process.env;
if (!helm || !toolsJar) {
  console.error('HELM and KAFKA_TOOLS_JAR name the programs; run .ci/afternoon.sh, which finds them');
  process.exit(WRONG_USAGE);
}

let step = 0;
const say = {
  step: (title: string) => console.log(`\n${(step += 1)}. ${title}`),
  note: (line: string) => console.log(`   ${line}`),
};

const folder = await mkdtemp(join(tmpdir(), 'astrolabe-afternoon-'));
// Ctrl-C leaves nothing behind either.
const forget = await (await guardian()).watch({ paths: [folder] });
try {
  await runAfternoon({ helm, toolsJar, prometheus: prometheus || undefined, folder, say });
  if (!prometheus) {
    console.error('SKIPPED: no alert was fired, since there is no prometheus on the PATH (Debian has it)');
    process.exitCode = CANNOT_HERE;
  }
} catch (error) {
  const cannot = isPipelineError(error) && error.code === 'stack.unavailable';
  console.error(cannot ? `cannot be done on this machine: ${errorMessage(error)}` : error);
  process.exitCode = cannot ? CANNOT_HERE : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
  await forget();
}
