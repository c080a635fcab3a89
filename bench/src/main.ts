/** `npm run bench -- <name>`: measures, beside a baseline, in one run. */
import { errorMessage } from '@astrolabe/service-kit/errors';
import { assertStackPossible, runMain } from '@astrolabe/testkit';
import { parseArguments, type BenchArguments } from './arguments.ts';
import { summarise, toJsonLine, toStartsTable, toTable, type ComparedCase } from './comparison.ts';
import { runDispatcherBench } from './dispatcher/dispatcher-bench.ts';
import { runGrowthBench } from './growth/growth-bench.ts';
import { runIngestBench } from './ingest/ingest-bench.ts';
import { runInstancesBench } from './instances/instances-bench.ts';
import { runMapperBench } from './mapper/mapper-bench.ts';
import { runNeighboursBench } from './neighbours/neighbours-bench.ts';
import { runRestartBench } from './restart/restart-bench.ts';

const benches = {
  dispatcher: runDispatcherBench,
  growth: runGrowthBench,
  ingest: runIngestBench,
  instances: runInstancesBench,
  mapper: runMapperBench,
  neighbours: runNeighboursBench,
  restart: runRestartBench,
} as const;
type BenchName = keyof typeof benches;
const names = Object.keys(benches) as BenchName[];

const USAGE = `usage: npm run bench -- NAME [--rounds N] [--seconds S] [--quick] [--json]

Benches: ${names.join(', ')}. Ours and a baseline are measured in turn; medians of the rounds are printed.

  --rounds N    measurements of each side, at least 3 (default 5)
  --seconds S   length of each (default 6)
  --quick       3 rounds of 2 seconds, to see that it works
  --json        prints one line of JSON and nothing else on standard output
                (npm itself prints a banner there, unless it is called as: npm run --silent bench -- NAME --json)
  --help        prints this

Of the bench growth:

  --entries N, --users N, --connectors N   how much there is (default 10000000, 1000000, 1000)
  --partitions N,N                         each is a case (default 6,24,96)
  --factors                                each of these by itself too`;

const parsed = parseArguments(process.argv.slice(2), names);
process.exitCode = await runMain(parsed, USAGE, run);

async function run({ bench, rounds, seconds, json, growth }: BenchArguments): Promise<number> {
  const say = (line: string): void => console.error(line);
  let cases: ComparedCase[];
  try {
    await assertStackPossible(process.env);
    cases = await benches[bench as BenchName]({ rounds, seconds, env: process.env, say, growth });
  } catch (error) {
    console.error(`The bench failed: ${errorMessage(error)}`);
    return 1;
  }
  const summaries = cases.map(summarise);
  if (json) console.log(toJsonLine(bench, summaries));
  else for (const line of [...toTable(summaries), ...toStartsTable(summaries)]) console.log(line);
  return 0;
}
