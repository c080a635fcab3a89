/**
 * What live traffic notices of people who look: the whole pipeline and its console, as processes on one broker, with
 * ten pages of the console open in a browser, and with none, in turn within each round. Then with what those pages ask
 * for and no browser: its drawing costs the machines of those who look, and not that of the console.
 */
import { createBenchConnector, openLab } from '../bench-lab.ts';
import type { BenchOptions } from '../bench-options.ts';
import { compareInTurns, type SideName } from '../compare-in-turns.ts';
import type { ComparedCase } from '../comparison.ts';
import { LiveSender, LIVE_USERS } from '../pipeline/live-sender.ts';
import { startPipeline } from '../pipeline/pipeline-run.ts';
import type { PipelineSample } from '../pipeline/pipeline-sample.ts';
import { readProcessUsage } from '../process-usage.ts';
import { openBackgroundBrowser } from './background-browser.ts';
import { askAgain, RequestRecorder } from './page-requests.ts';
import { startConsole } from './start-console.ts';

export interface ConsolePlan {
  /** Live events. */
  readonly eventsPerSecond: number;
  /** After the start of the services, whose first seconds are slow with and without pages. */
  readonly warmUpSeconds: number;
  /** With the pages open, before it is measured. */
  readonly settleSeconds: number;
}

/** Ten people, each with another page. */
const PAGES = ['', 'live', 'connectors', 'dead-letters', 'replays', 'lag', 'schemas', 'topics', 'doctor', 'audit'];

/** CPU and memory are those of the console. Rejects when an event did not reach the API exactly once, and in order. */
export async function runConsoleBench(
  options: BenchOptions,
  plan: ConsolePlan,
): Promise<ComparedCase<PipelineSample>[]> {
  const { rounds, seconds, say, env } = options;
  const connector = createBenchConnector();
  const { apiKey: writeKey } = connector;
  await using lab = await openLab(options, [connector]);
  await using run = await startPipeline(lab, { side: 'ours', isBulk: false, users: LIVE_USERS });
  await using console = await startConsole(lab, run);
  await using browser = await openBackgroundBrowser(lab, env);
  const sender = new LiveSender(run, writeKey);
  await sender.send(plan.eventsPerSecond, 1, plan.warmUpSeconds);
  const recorder = new RequestRecorder();
  const pages = PAGES.map((page) => console.url + page);
  {
    await using _tabs = await browser.open(pages, recorder);
    await sender.send(plan.eventsPerSecond, 1, plan.settleSeconds);
    recorder.begin();
    await sender.send(plan.eventsPerSecond, 1, seconds);
  }
  const asked = recorder.end();
  say(`ten pages hold ${asked.streams.length} streams and ask ${asked.questions.length} questions in ${seconds} s`);
  const measureBeside = (look: () => Promise<AsyncDisposable>) => async (side: SideName) => {
    await using _looks = side === 'ours' ? await look() : undefined;
    await sender.send(plan.eventsPerSecond, 1, plan.settleSeconds);
    const before = await readProcessUsage(console.pid);
    const [sample] = await sender.send(plan.eventsPerSecond, 1, seconds);
    const after = await readProcessUsage(console.pid);
    if (sample === undefined) throw new Error('a measurement without a sample');
    const cpuUsPerUnit = ((after.cpuMs - before.cpuMs) * 1_000) / (plan.eventsPerSecond * seconds);
    return { ...sample, rssMb: after.residentMb, cpuUsPerUnit };
  };
  const shared = { unit: 'events/s', compared: 'p99Ms', rounds, say } as const;
  const ways = {
    'ten-pages': () => browser.open(pages),
    'ten-readers': async () => askAgain(console.url, asked),
  } as const;
  const cases: ComparedCase<PipelineSample>[] = [];
  for (const [name, look] of Object.entries(ways))
    cases.push(await compareInTurns({ ...shared, name, measure: measureBeside(look) }));
  return cases;
}
