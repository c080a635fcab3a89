/** `npm run demo`: the whole way of an event, and what happens when something goes wrong, checked step by step. */
import { openDataFolder, type DataFolder, type Pipeline } from '@astrolabe/local-pipeline';
import { errorMessage } from '@astrolabe/service-kit/errors';
import { unlessAborted } from '@astrolabe/service-kit/retry';
import { runMain } from '@astrolabe/testkit';
import { parseArguments, type RunArguments } from './arguments.ts';
import type { DemoReport } from './demo-context.ts';
import { runDemoSteps } from './demo-steps.ts';
import { listenForInterruption } from './interruption.ts';
import { openInBrowser } from './open-browser.ts';
import { screenOn, seconds, type Screen } from './screen/screen.ts';
import { reportOn } from './screen/step-report.ts';
import { StepError } from './step-error.ts';
import { ProcessEndedError, withPipeline } from './with-pipeline.ts';

const USAGE = `usage: npm run demo [-- [--data DIR] [--open]]

Starts everything, sends events through it, shows and checks what becomes of them, and stops everything.
Exits 0 only if every check held.

  --data DIR   keeps events, state, keys and logs in DIR and uses them again
  --open       starts the operator's console too, which takes some seconds more; when every check held, keeps all of it
               running until Ctrl-C and opens the console in your browser
  --help       prints this`;

/** Small, so that the dispatcher is back soon after the API is. */
const DISPATCHER_VARIABLES = { DISPATCHER_RETRY_BASE_MS: '50', DISPATCHER_RETRY_MAX_MS: '400' };

const parsed = parseArguments(process.argv.slice(2), {
  takes: 'open',
  workingDirectory: process.env.INIT_CWD ?? process.cwd(),
});
process.exit(await runMain(parsed, USAGE, run));

async function run({ dataDir, open }: RunArguments): Promise<number> {
  const interruption = listenForInterruption(process.env);
  const screen = screenOn(process.stdout, process.env);
  const folder = await openDataFolder(dataDir);
  const demo: Demo = { folder, screen, open, signal: interruption.signal, startedAtMs: performance.now(), held: false };
  try {
    await runDemo(demo);
    folder.remove();
    if (!open) sayHeld(demo);
    return 0;
  } catch (error) {
    screen.close();
    if (interruption.signal.aborted && !demo.held) {
      folder.remove();
      return interruption.exitCode();
    }
    const isCheck = error instanceof StepError;
    const what = isCheck ? 'A check did not hold' : demo.held ? 'It ended' : 'The demo could not be run';
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

interface Demo {
  readonly folder: DataFolder;
  readonly screen: Screen;
  /** Whether the pipeline is kept at the end, with its console. */
  readonly open: boolean;
  readonly signal: AbortSignal;
  readonly startedAtMs: number;
  /** Whether every check held. */
  held: boolean;
}

async function runDemo(demo: Demo): Promise<void> {
  const { folder, screen, signal } = demo;
  const shown = { withConsole: demo.open, acceptsNewKeys: demo.open };
  const options = { name: 'demo', folder, screen, signal, ...shown, dispatcher: DISPATCHER_VARIABLES };
  await withPipeline(options, async (pipeline, ended) => {
    introduce(demo, pipeline);
    await unlessAborted(Promise.race([runDemoSteps(pipeline, demoReportOn(screen)), ended]), signal);
    demo.held = true;
    if (demo.open) await keepOpen(demo, pipeline, ended);
  });
}

function introduce({ screen, open, startedAtMs }: Demo, { stack, addresses }: Pipeline): void {
  screen.line(
    `Kafka ${addresses.kafka} (${stack.kind}), schema registry, reference API and three services` +
      `${open ? ' with their console' : ''}: up after ${seconds(performance.now() - startedAtMs)}.`,
  );
}

function sayHeld({ screen, startedAtMs }: Demo): void {
  screen.line();
  screen.line(screen.style.good(`Every check held, in ${seconds(performance.now() - startedAtMs)}.`));
}

/** Resolves when it is to stop. Rejects when a process ends by itself. */
async function keepOpen(demo: Demo, { addresses }: Pipeline, ended: Promise<never>): Promise<void> {
  const { screen, signal } = demo;
  const { console = '' } = addresses;
  sayHeld(demo);
  screen.line();
  screen.line(`The console, with all that the demo has sent: ${screen.style.strong(console)}`);
  const isOpened = await openInBrowser(console, process.env);
  screen.line(isOpened ? 'Your browser opens it.' : 'No browser was found to open it; type the address into one.');
  screen.line('Ctrl-C stops everything.');
  await unlessAborted(ended, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

function demoReportOn(screen: Screen): DemoReport {
  return {
    ...reportOn(screen),
    totals: (lines) => {
      screen.line();
      for (const line of lines) screen.line(line);
    },
    waiting: (what) => screen.waiting(what),
  };
}
