/** `npm run bench -- <name>`: measures, beside a baseline, in one run. */
import { errorMessage } from '@astrolabe/service-kit/errors';
import { assertStackPossible, runMain } from '@astrolabe/testkit';
import { parseArguments, pipelineParts, replayParts, type BenchArguments } from './arguments.ts';
import type { BenchOptions } from './bench-options.ts';
import { summarise, toJsonLine, toStartsTable, toTable, type ComparedCase } from './comparison.ts';
import { runConsoleBench } from './console/console-bench.ts';
import { planLooks } from './console/plan.ts';
import { runDispatcherBench } from './dispatcher/dispatcher-bench.ts';
import { runGrowthBench } from './growth/growth-bench.ts';
import { runIngestBench } from './ingest/ingest-bench.ts';
import { runInstancesBench } from './instances/instances-bench.ts';
import { runMapperBench } from './mapper/mapper-bench.ts';
import { runNeighboursBench } from './neighbours/neighbours-bench.ts';
import { runPipelineBench } from './pipeline/pipeline-bench.ts';
import { summarisePipeline, toPipelineTables } from './pipeline/pipeline-report.ts';
import { planOf } from './pipeline/plan.ts';
import { planReplays } from './replay/plan.ts';
import { runReplayBench } from './replay/replay-bench.ts';
import { summariseReplays, toReplayTables } from './replay/replay-report.ts';
import { runRestartBench } from './restart/restart-bench.ts';

interface BenchReport {
  /** For programs. */
  readonly cases: readonly object[];
  /** For people. */
  readonly lines: readonly string[];
}

type Bench = (options: BenchOptions, chosen: BenchArguments) => Promise<BenchReport>;

const benches = {
  console: async (options, { size, console }) => {
    const cases = (await runConsoleBench(options, planLooks(size, console.rate))).map(summarise);
    return { cases, lines: toTable(cases) };
  },
  dispatcher: withTable(runDispatcherBench),
  growth: withTable(runGrowthBench),
  ingest: withTable(runIngestBench),
  instances: withTable(runInstancesBench),
  mapper: withTable(runMapperBench),
  neighbours: withTable(runNeighboursBench),
  pipeline: async (options, { size, seconds, pipeline }) => {
    const cases = (await runPipelineBench(options, planOf(size, seconds, pipeline))).map(summarisePipeline);
    return { cases, lines: toPipelineTables(cases) };
  },
  replay: async (options, { size, seconds, replay }) => {
    const cases = summariseReplays(await runReplayBench(options, planReplays(size, seconds, replay)));
    return { cases, lines: toReplayTables(cases) };
  },
  restart: withTable(runRestartBench),
} as const satisfies Record<string, Bench>;
type BenchName = keyof typeof benches;
const names = Object.keys(benches) as BenchName[];

const USAGE = `usage: npm run bench -- NAME [--rounds N] [--seconds S] [--quick | --smoke] [--json]

Benches: ${names.join(', ')}. Ours and a baseline are measured in turn; medians of the rounds are printed.

  --rounds N    measurements of each side, at least 3 (default 5)
  --seconds S   length of each (default 6; console, pipeline and replay 20)
  --quick       3 rounds of 2 seconds, to see that it works
  --smoke       1 round of 1 second, to see that it still runs
  --json        prints one line of JSON and nothing else on standard output
                (npm itself prints a banner there, unless it is called as: npm run --silent bench -- NAME --json)
  --help        prints this

Only for growth:

  --entries N, --users N, --connectors N   how much there is (default 10000000, 1000000, 1000)
  --partitions N,N                         each is a case (default 6,24,96)
  --factors                                each of these by itself too

Only for console:

  --rate N      live events a second (default 500)

Only for pipeline:

  --part NAME   measures one part: ${pipelineParts.join(', ')}
  --rate N      live events a second, in place of 100, 500 and 2,000
  --members N   of the audience that is synced in bulk (default 1,000,000); single calls take a fifth of them

Only for replay:

  --part NAME   measures one part: ${replayParts.join(', ')}
  --rate N      live events a second beside a replay, in place of 500, and of 500, 2,000 and 5,000 where it has a share
  --events N    that are replayed (default 200,000)`;

const parsed = parseArguments(process.argv.slice(2), names);
process.exitCode = await runMain(parsed, USAGE, run);

async function run(chosen: BenchArguments): Promise<number> {
  const { bench, rounds, seconds, json, growth } = chosen;
  const say = (line: string): void => console.error(line);
  let report: BenchReport;
  try {
    await assertStackPossible(process.env);
    report = await benches[bench as BenchName]({ rounds, seconds, env: process.env, say, growth }, chosen);
  } catch (error) {
    console.error(`The bench failed: ${errorMessage(error)}`);
    return 1;
  }
  if (json) console.log(toJsonLine(bench, report.cases));
  else for (const line of report.lines) console.log(line);
  return 0;
}

function withTable(measure: (options: BenchOptions) => Promise<ComparedCase[]>): Bench {
  return async (options) => {
    const cases = (await measure(options)).map(summarise);
    return { cases, lines: [...toTable(cases), ...toStartsTable(cases)] };
  };
}
