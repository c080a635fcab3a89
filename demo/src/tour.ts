/** `npm run tour`: the operator's console in a real browser, on a pipeline to which things happen. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openDataFolder, type DataFolder, type Pipeline } from '@astrolabe/local-pipeline';
import { errorMessage } from '@astrolabe/service-kit/errors';
import { unlessAborted } from '@astrolabe/service-kit/retry';
import { parseCommandLine, runMain } from '@astrolabe/testkit';
import { findBrowser, launchChromium } from '@astrolabe/testkit/browser';
import { listenForInterruption } from './interruption.ts';
import { screenOn, seconds, type Screen } from './screen/screen.ts';
import { reportOn } from './screen/step-report.ts';
import { runTour, TourStepError } from './tour/run-tour.ts';
import { ProcessEndedError, withPipeline } from './with-pipeline.ts';

const USAGE = `usage: npm run tour [-- [--pictures DIR] [--headed] [--slow]]

Starts everything with the operator's console, and goes through the console in a browser while things happen: an audience
arrives, calls fail, a key is revoked and replaced, dead letters are sent again, a replay is run. Each step is checked in
the page and at the API. Exits 0 only if every check held.

  --pictures DIR   writes pictures of the pages to DIR; without it to a new folder, which it names
  --headed         shows the browser's window
  --slow           pauses before each click
  --help           prints this`;

const SLOW_MS = 700;

/** Small, so that the dispatcher tries again soon. */
const DISPATCHER_VARIABLES = { DISPATCHER_HALT_MS: '500', DISPATCHER_HALT_MAX_MS: '2000' };

interface TourArguments {
  /** Absolute. Undefined: a new folder. */
  readonly pictures: string | undefined;
  readonly headed: boolean;
  readonly slow: boolean;
}

interface Tour extends TourArguments {
  readonly folder: DataFolder;
  readonly screen: Screen;
  readonly signal: AbortSignal;
}

const flag = { type: 'boolean' } as const;
const parsed = parseCommandLine(
  process.argv.slice(2),
  { options: { pictures: { type: 'string' }, headed: flag, slow: flag } },
  ({ values: { pictures, headed = false, slow = false } }) => {
    if (pictures === '') return { kind: 'wrong' as const, message: '--pictures needs the path of a folder' };
    const folder = pictures === undefined ? undefined : resolve(process.env.INIT_CWD ?? process.cwd(), pictures);
    return { kind: 'run' as const, pictures: folder, headed, slow };
  },
);
process.exit(await runMain(parsed, USAGE, run));

async function run(given: TourArguments): Promise<number> {
  const interruption = listenForInterruption(process.env);
  const screen = screenOn(process.stdout, process.env);
  const startedAtMs = performance.now();
  const folder = await openDataFolder(undefined);
  try {
    const pictures = await goRound({ ...given, folder, screen, signal: interruption.signal });
    folder.remove();
    screen.line();
    screen.line(screen.style.good(`Every check held, in ${seconds(performance.now() - startedAtMs)}.`));
    screen.line(`Pictures of what was seen: ${pictures}`);
    return 0;
  } catch (error) {
    screen.close();
    if (interruption.signal.aborted) {
      folder.remove();
      return interruption.exitCode();
    }
    await tellFailure(screen, folder, error);
    return 1;
  }
}

async function tellFailure(screen: Screen, folder: DataFolder, error: unknown): Promise<void> {
  const isCheck = error instanceof TourStepError;
  screen.line();
  screen.line(
    screen.style.bad(`${isCheck ? 'A check did not hold' : 'The tour could not be run'}: ${errorMessage(error)}`),
  );
  if (isCheck) screen.line(`The page as it was then: ${error.picture}`);
  // Without a pipeline there is nothing in the folder that the message does not say.
  if (isCheck || error instanceof ProcessEndedError) {
    await folder.keep();
    screen.line(`Logs of all processes: ${folder.logs}`);
    screen.line('If this machine was busy, run it again; if it fails again, report it with these.');
  } else folder.remove();
}

/** Resolves with the folder of the pictures. */
async function goRound(tour: Tour): Promise<string> {
  const browser = await findBrowser(process.env, process);
  if (browser.kind === 'missing') throw new Error(browser.reason);
  const { folder, screen, signal } = tour;
  let pictures = '';
  const options = { name: 'tour', folder, screen, signal, withConsole: true, dispatcher: DISPATCHER_VARIABLES };
  await withPipeline(options, async (pipeline, ended) => {
    screen.line(`The pipeline is up, with its console at ${screen.style.strong(pipeline.addresses.console ?? '')}.`);
    pictures = tour.pictures ?? (await mkdtemp(join(tmpdir(), 'astrolabe-tour-')));
    await unlessAborted(Promise.race([inBrowser(tour, pipeline, pictures), ended]), signal);
  });
  return pictures;
}

async function inBrowser(tour: Tour, pipeline: Pipeline, pictures: string): Promise<void> {
  const { headed, slow, screen } = tour;
  const browser = await launchChromium(process.env, { headed, pauseMs: slow ? SLOW_MS : 0 });
  try {
    const context = await browser.newContext({ viewport: { width: 1_280, height: 900 }, locale: 'en-GB' });
    await runTour({ pipeline, page: await context.newPage(), report: reportOn(screen), pictures });
  } finally {
    await browser.close();
  }
}
