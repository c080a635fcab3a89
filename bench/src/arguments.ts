/** The command line of the bench. */
import { parseCommandLine, type ParsedCommandLine } from '@astrolabe/testkit';

export interface BenchArguments {
  readonly bench: string;
  /** How often each side of a comparison is measured; the medians are reported. */
  readonly rounds: number;
  /** Length of one measurement. */
  readonly seconds: number;
  /** One line of JSON on standard output, everything else on standard error. */
  readonly json: boolean;
  readonly size: BenchSize;
  readonly pipeline: PipelineArguments;
}

/** `quick` and `smoke` show that a bench works, not what it would measure. */
export type BenchSize = 'full' | 'quick' | 'smoke';

/** For the bench of the whole pipeline. What is undefined is for it to choose. */
export interface PipelineArguments {
  readonly part: PipelinePart | undefined;
  /** Live events a second. */
  readonly rate: number | undefined;
  /** Of the audience that is synced in bulk. */
  readonly members: number | undefined;
}

export const pipelineParts = ['first-sync-bulk', 'first-sync-single', 'live'] as const;
export type PipelinePart = (typeof pipelineParts)[number];

/** Fewer rounds have no median worth the name. */
const MIN_ROUNDS = 3;
const DEFAULT_ROUNDS = 5;
const DEFAULT_SECONDS = 6;
/** One call in a thousand is among the figures: at 500 events a second there are ten of them. */
const PIPELINE_SECONDS = 20;
const PIPELINE = 'pipeline';

const options = {
  rounds: { type: 'string' },
  seconds: { type: 'string' },
  quick: { type: 'boolean', default: false },
  smoke: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  part: { type: 'string' },
  rate: { type: 'string' },
  members: { type: 'string' },
} as const;

const sizes = {
  full: { minRounds: MIN_ROUNDS, rounds: DEFAULT_ROUNDS },
  quick: { minRounds: MIN_ROUNDS, rounds: MIN_ROUNDS, seconds: 2 },
  smoke: { minRounds: 1, rounds: 1, seconds: 1 },
} as const satisfies Record<BenchSize, object>;

export function parseArguments(args: readonly string[], benches: readonly string[]): ParsedCommandLine<BenchArguments> {
  return parseCommandLine(args, { options, allowPositionals: true }, ({ values, positionals }) => {
    const [bench] = positionals;
    if (bench === undefined || positionals.length > 1 || !benches.includes(bench)) {
      return { kind: 'wrong', message: `expected the name of one bench: ${benches.join(', ')}` };
    }
    const size = values.smoke ? 'smoke' : values.quick ? 'quick' : 'full';
    const defaults = { seconds: bench === PIPELINE ? PIPELINE_SECONDS : DEFAULT_SECONDS, ...sizes[size] };
    const rounds = Number(values.rounds ?? defaults.rounds);
    if (!Number.isInteger(rounds) || rounds < defaults.minRounds) {
      return { kind: 'wrong', message: `--rounds takes a whole number of at least ${defaults.minRounds}` };
    }
    const seconds = Number(values.seconds ?? defaults.seconds);
    if (!Number.isFinite(seconds) || seconds <= 0) {
      return { kind: 'wrong', message: '--seconds takes a positive number' };
    }
    const { part, rate, members } = values;
    if (bench !== PIPELINE && (part !== undefined || rate !== undefined || members !== undefined)) {
      return { kind: 'wrong', message: `--part, --rate and --members are for the bench ${PIPELINE}` };
    }
    if (part !== undefined && !isPart(part)) {
      return { kind: 'wrong', message: `--part takes one of ${pipelineParts.join(', ')}` };
    }
    const [asRate, asMembers] = [rate, members].map((text) => (text === undefined ? undefined : Number(text)));
    if ([asRate, asMembers].some((count) => count !== undefined && !(Number.isInteger(count) && count > 0))) {
      return { kind: 'wrong', message: '--rate and --members take whole numbers above 0' };
    }
    const pipeline = { part, rate: asRate, members: asMembers };
    return { kind: 'run', bench, rounds, seconds, json: values.json, size, pipeline };
  });
}

function isPart(text: string): text is PipelinePart {
  return (pipelineParts as readonly string[]).includes(text);
}
