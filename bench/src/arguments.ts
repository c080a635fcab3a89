/** The command line of the bench. */
import { parseCommandLine, type ParsedCommandLine } from '@astrolabe/testkit';
import type { GrowthOptions } from './growth/sizes.ts';

export interface BenchArguments {
  readonly bench: string;
  /** How often each side of a comparison is measured; the medians are reported. */
  readonly rounds: number;
  /** Length of one measurement. */
  readonly seconds: number;
  /** One line of JSON on standard output, everything else on standard error. */
  readonly json: boolean;
  /** Of the bench `growth`. */
  readonly growth?: GrowthOptions;
  readonly size: BenchSize;
  readonly pipeline: PipelineArguments;
  readonly replay: ReplayArguments;
  readonly console: ConsoleArguments;
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

/** For the bench of replays. What is undefined is for it to choose. */
export interface ReplayArguments {
  readonly part: ReplayPart | undefined;
  /** Live events a second. */
  readonly rate: number | undefined;
  /** That are replayed. */
  readonly events: number | undefined;
}

export const replayParts = ['idle', 'beside-live', 'share'] as const;
export type ReplayPart = (typeof replayParts)[number];

/** For the bench of the console. What is undefined is for it to choose. */
export interface ConsoleArguments {
  /** Live events a second. */
  readonly rate: number | undefined;
}

/** Fewer rounds have no median worth the name. */
const MIN_ROUNDS = 3;
const DEFAULT_ROUNDS = 5;
const DEFAULT_SECONDS = 6;
const GROWTH_BENCH = 'growth';
const FULL_GROWTH = { entries: '10000000', users: '1000000', connectors: '1000', partitions: '6,24,96' };
const QUICK_GROWTH = { entries: '100000', users: '10000', connectors: '50', partitions: '6' };
/** One is hot, and there are others. */
const MIN_CONNECTORS = 2;
/** One call in a thousand is among the figures: at 500 events a second there are ten of them. */
const LIVE_SECONDS = 20;
const PIPELINE = 'pipeline';
const REPLAY = 'replay';
const CONSOLE = 'console';

const options = {
  rounds: { type: 'string' },
  seconds: { type: 'string' },
  quick: { type: 'boolean', default: false },
  smoke: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  entries: { type: 'string' },
  users: { type: 'string' },
  connectors: { type: 'string' },
  partitions: { type: 'string' },
  factors: { type: 'boolean', default: false },
  part: { type: 'string' },
  rate: { type: 'string' },
  members: { type: 'string' },
  events: { type: 'string' },
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
    const size: BenchSize = values.smoke ? 'smoke' : values.quick ? 'quick' : 'full';
    const isLive = [PIPELINE, REPLAY, CONSOLE].includes(bench);
    const defaults = { seconds: isLive ? LIVE_SECONDS : DEFAULT_SECONDS, ...sizes[size] };
    const rounds = Number(values.rounds ?? defaults.rounds);
    if (!Number.isInteger(rounds) || rounds < defaults.minRounds) {
      return { kind: 'wrong', message: `--rounds takes a whole number of at least ${defaults.minRounds}` };
    }
    const seconds = Number(values.seconds ?? defaults.seconds);
    if (!Number.isFinite(seconds) || seconds <= 0) {
      return { kind: 'wrong', message: '--seconds takes a positive number' };
    }
    const growth = bench === GROWTH_BENCH ? readGrowth(values, size) : undefined;
    if (growth?.kind === 'wrong') return growth;
    const live = readLive(bench, values);
    if (live.kind === 'wrong') return live;
    const { pipeline, replay, console } = live;
    const chosen = { bench, rounds, seconds, json: values.json, size, pipeline, replay, console };
    return { kind: 'run', ...chosen, ...(growth && { growth: growth.options }) };
  });
}

interface GrowthValues extends Partial<Record<keyof typeof FULL_GROWTH, string>> {
  readonly factors: boolean;
}

type ReadGrowth =
  { readonly kind: 'growth'; readonly options: GrowthOptions } | { readonly kind: 'wrong'; readonly message: string };

function readGrowth(values: GrowthValues, size: BenchSize): ReadGrowth {
  const preset = size === 'full' ? FULL_GROWTH : QUICK_GROWTH;
  const [entries, users, connectors] = (['entries', 'users', 'connectors'] as const).map((name) =>
    Number(values[name] ?? preset[name]),
  );
  const partitions = (values.partitions ?? preset.partitions).split(',').map(Number);
  if (!isWhole(entries, 0) || !isWhole(users, 0)) {
    return { kind: 'wrong', message: '--entries and --users take a whole number' };
  }
  if (!isWhole(connectors, MIN_CONNECTORS)) {
    return { kind: 'wrong', message: `--connectors takes a whole number of at least ${MIN_CONNECTORS}` };
  }
  if (!partitions.every((each) => isWhole(each, 1))) {
    return { kind: 'wrong', message: '--partitions takes whole numbers with commas between them' };
  }
  return { kind: 'growth', options: { entries, users, connectors, partitions, factors: values.factors } };
}

function isWhole(value: number | undefined, least: number): value is number {
  return value !== undefined && Number.isInteger(value) && value >= least;
}

type ReadLive =
  | ({ readonly kind: 'live' } & Pick<BenchArguments, 'pipeline' | 'replay' | 'console'>)
  | { readonly kind: 'wrong'; readonly message: string };

type LiveValues = Partial<Record<'part' | 'rate' | 'members' | 'events', string>>;

/** Flags that only some benches have, and the parts of those. */
const liveFlags: Readonly<Record<keyof LiveValues, readonly string[]>> = {
  part: [PIPELINE, REPLAY],
  rate: [PIPELINE, REPLAY, CONSOLE],
  members: [PIPELINE],
  events: [REPLAY],
};

function readLive(bench: string, values: LiveValues): ReadLive {
  const { part } = values;
  const counts: Partial<Record<keyof LiveValues, number>> = {};
  for (const flag of Object.keys(liveFlags) as (keyof LiveValues)[]) {
    const text = values[flag];
    if (text === undefined) continue;
    if (!liveFlags[flag].includes(bench)) {
      return { kind: 'wrong', message: `--${flag} is for the bench ${liveFlags[flag].join(' or ')}` };
    }
    if (flag === 'part') continue;
    const count = Number(text);
    if (!isWhole(count, 1)) return { kind: 'wrong', message: `--${flag} takes a whole number above 0` };
    counts[flag] = count;
  }
  const parts: readonly string[] = bench === REPLAY ? replayParts : pipelineParts;
  if (part !== undefined && !parts.includes(part)) {
    return { kind: 'wrong', message: `--part takes one of ${parts.join(', ')}` };
  }
  const { rate, members, events } = counts;
  const partOf = <Part extends string>(of: readonly Part[]): Part | undefined => of.find((each) => each === part);
  return {
    kind: 'live',
    pipeline: { part: partOf(pipelineParts), rate, members },
    replay: { part: partOf(replayParts), rate, events },
    console: { rate },
  };
}
