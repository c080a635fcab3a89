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
}

/** Fewer rounds have no median worth the name. */
const MIN_ROUNDS = 3;
const DEFAULT_ROUNDS = 5;
const DEFAULT_SECONDS = 6;
const QUICK_SECONDS = 2;
const GROWTH_BENCH = 'growth';
const FULL_GROWTH = { entries: '10000000', users: '1000000', connectors: '1000', partitions: '6,24,96' };
const QUICK_GROWTH = { entries: '100000', users: '10000', connectors: '50', partitions: '6' };
/** One is hot, and there are others. */
const MIN_CONNECTORS = 2;

const options = {
  rounds: { type: 'string' },
  seconds: { type: 'string' },
  quick: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  entries: { type: 'string' },
  users: { type: 'string' },
  connectors: { type: 'string' },
  partitions: { type: 'string' },
  factors: { type: 'boolean', default: false },
} as const;

export function parseArguments(args: readonly string[], benches: readonly string[]): ParsedCommandLine<BenchArguments> {
  return parseCommandLine(args, { options, allowPositionals: true }, ({ values, positionals }) => {
    const [bench] = positionals;
    if (bench === undefined || positionals.length > 1 || !benches.includes(bench)) {
      return { kind: 'wrong', message: `expected the name of one bench: ${benches.join(', ')}` };
    }
    const rounds = Number(values.rounds ?? (values.quick ? MIN_ROUNDS : DEFAULT_ROUNDS));
    if (!Number.isInteger(rounds) || rounds < MIN_ROUNDS) {
      return { kind: 'wrong', message: `--rounds takes a whole number of at least ${MIN_ROUNDS}` };
    }
    const seconds = Number(values.seconds ?? (values.quick ? QUICK_SECONDS : DEFAULT_SECONDS));
    if (!Number.isFinite(seconds) || seconds <= 0) {
      return { kind: 'wrong', message: '--seconds takes a positive number' };
    }
    const growth = bench === GROWTH_BENCH ? readGrowth(values) : undefined;
    if (growth?.kind === 'wrong') return growth;
    return { kind: 'run', bench, rounds, seconds, json: values.json, ...(growth && { growth: growth.options }) };
  });
}

interface GrowthValues extends Partial<Record<keyof typeof FULL_GROWTH, string>> {
  readonly quick: boolean;
  readonly factors: boolean;
}

type ReadGrowth =
  { readonly kind: 'growth'; readonly options: GrowthOptions } | { readonly kind: 'wrong'; readonly message: string };

function readGrowth(values: GrowthValues): ReadGrowth {
  const preset = values.quick ? QUICK_GROWTH : FULL_GROWTH;
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
