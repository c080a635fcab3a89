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
}

/** Fewer rounds have no median worth the name. */
const MIN_ROUNDS = 3;
const DEFAULT_ROUNDS = 5;
const DEFAULT_SECONDS = 6;
const QUICK_SECONDS = 2;

const options = {
  rounds: { type: 'string' },
  seconds: { type: 'string' },
  quick: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
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
    return { kind: 'run', bench, rounds, seconds, json: values.json };
  });
}
