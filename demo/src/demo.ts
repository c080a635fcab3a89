/** `npm run demo`: the whole way of an event, and what happens when something goes wrong, checked step by step. */
import { errorMessage } from '@astrolabe/service-kit/errors';
import { unlessAborted } from '@astrolabe/service-kit/retry';
import { runMain, uniqueName } from '@astrolabe/testkit';
import { parseArguments } from './arguments.ts';
import { openDataFolder, type DataFolder } from '@astrolabe/local-pipeline';
import type { DemoReport } from './demo-context.ts';
import { DemoStepError, runDemoSteps } from './demo-steps.ts';
import { listenForInterruption } from './interruption.ts';
import { startPipeline } from '@astrolabe/local-pipeline';
import { screenOn, seconds, type Screen } from './screen.ts';
import { withAdmin } from './topic-records.ts';

const USAGE = `usage: npm run demo [-- --data DIR]

Starts everything, sends events through it, shows and checks what becomes of them, and stops everything.
Exits 0 only if every check held.

  --data DIR   keeps events, state, keys and logs in DIR and uses them again
  --help       prints this`;

const LABEL_WIDTH = 9;

/** Small, so that the dispatcher is back soon after the API is. */
const DISPATCHER_VARIABLES = { DISPATCHER_RETRY_BASE_MS: '50', DISPATCHER_RETRY_MAX_MS: '400' };

/** One of the pipeline's processes ended by itself. */
class ProcessEndedError extends Error {}

const parsed = parseArguments(process.argv.slice(2), {
  takesJson: false,
  workingDirectory: process.env.INIT_CWD ?? process.cwd(),
});
process.exit(await runMain(parsed, USAGE, ({ dataDir }) => run(dataDir)));

async function run(dataDir: string | undefined): Promise<number> {
  const interruption = listenForInterruption(process.env);
  const screen = screenOn(process.stdout, process.env);
  const startedAtMs = performance.now();
  const folder = await openDataFolder(dataDir);
  try {
    await unlessAborted(runOn(folder, screen, interruption.signal), interruption.signal);
    folder.remove();
    screen.line();
    screen.line(screen.style.good(`Every check held, in ${seconds(performance.now() - startedAtMs)}.`));
    return 0;
  } catch (error) {
    screen.close();
    if (interruption.signal.aborted) {
      folder.remove();
      return interruption.exitCode();
    }
    const isCheck = error instanceof DemoStepError;
    const what = isCheck ? 'A check did not hold' : 'The demo could not be run';
    screen.line();
    screen.line(screen.style.bad(`${what}: ${errorMessage(error)}`));
    // Without a pipeline there is nothing in the folder that the message does not say.
    if (isCheck || error instanceof ProcessEndedError) {
      await folder.keep();
      screen.line(`Logs of all processes: ${folder.logs}`);
    } else folder.remove();
    return 1;
  }
}

async function runOn(folder: DataFolder, screen: Screen, signal: AbortSignal): Promise<void> {
  const startedAtMs = performance.now();
  const ended = Promise.withResolvers<never>();
  ended.promise.catch(() => undefined);
  // On a cluster that belongs to somebody else the demo keeps to topics of its own, and takes them away at the end.
  const ownPrefix = process.env.KAFKA_BROKERS ? `${uniqueName('demo')}.` : undefined;
  const pipeline = await startPipeline({
    folder,
    env: process.env,
    topicPrefix: ownPrefix ?? '',
    variables: { dispatcher: DISPATCHER_VARIABLES },
    onProgress: (progress) => screen.progress(progress),
    onUnexpectedEnd: (what) => ended.reject(new ProcessEndedError(what)),
    signal,
  });
  const failures: unknown[] = [];
  try {
    const { stack, addresses } = pipeline;
    screen.line(
      `Kafka ${addresses.kafka} (${stack.kind}), schema registry, reference API and three services: ` +
        `up after ${seconds(performance.now() - startedAtMs)}.`,
    );
    await Promise.race([runDemoSteps(pipeline, reportOn(screen)), ended.promise]);
    if (ownPrefix !== undefined) {
      const names = Object.values(pipeline.topics).map(({ name }) => name);
      await withAdmin(pipeline.kafka, (admin) => admin.deleteTopics(names));
    }
  } catch (error) {
    failures.push(error);
  }
  const stopped = screen.waiting('stopping');
  try {
    await pipeline.close();
  } catch (error) {
    failures.push(error);
  } finally {
    stopped();
  }
  if (failures.length > 0) throw failures[0];
}

function reportOn(screen: Screen): DemoReport {
  const { style } = screen;
  return {
    step: (number, title) => {
      screen.line();
      screen.line(style.strong(`${number}. ${title}`));
    },
    fact: (label, text) => screen.line(`   ${style.faint(label.padEnd(LABEL_WIDTH))} ${text}`),
    totals: (lines) => {
      screen.line();
      for (const line of lines) screen.line(line);
    },
    waiting: (what) => screen.waiting(what),
  };
}
