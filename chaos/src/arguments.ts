/** The command line of `npm run chaos`. */
import { parseCommandLine, type ParsedCommandLine } from '@astrolabe/testkit';

export interface ChaosArguments {
  readonly seed: number;
  readonly minutes: number;
  readonly events: number;
  /** One JSON document on standard output instead of text for people. */
  readonly json: boolean;
  /** For how long a shorter schedule is looked for after a failure; 0 is not at all. */
  readonly shrinkMinutes: number;
  /** A folder for the services' logs. */
  readonly logs: string | undefined;
}

export const usage = `npm run chaos -- [--seed S] [--minutes M] [--events N] [--json] [--shrink-minutes M] [--logs FOLDER]

Runs the whole pipeline on a cluster of three brokers, breaks it at random as the seed says, and compares its end with a model. Exits 1
where a promise was not kept; then it runs again with parts of the schedule, to find the shortest that fails.

  --seed S             default 1
  --minutes M          of traffic and disturbances; default 2
  --events N           default 40 a second
  --json               one JSON document on standard output
  --shrink-minutes M   after a failure; default 15, 0 for none
  --logs FOLDER        keeps the services' logs there, a file for each instance`;

const EVENTS_PER_MINUTE = 2_400;

const options = {
  seed: { type: 'string' },
  minutes: { type: 'string' },
  events: { type: 'string' },
  json: { type: 'boolean', default: false },
  'shrink-minutes': { type: 'string' },
  logs: { type: 'string' },
} as const;

export function parseArguments(argv: readonly string[]): ParsedCommandLine<ChaosArguments> {
  return parseCommandLine(argv, { options }, ({ values: { json, logs, ...values } }) => {
    const seed = numberOf(values.seed, 1);
    const minutes = numberOf(values.minutes, 2);
    const events = numberOf(values.events, Math.round(minutes * EVENTS_PER_MINUTE));
    const shrinkMinutes = numberOf(values['shrink-minutes'], 15);
    if (!Number.isInteger(seed) || seed < 0) return { kind: 'wrong', message: '--seed needs a whole number from 0 on' };
    if (!(minutes > 0)) return { kind: 'wrong', message: '--minutes needs a number above 0' };
    if (!Number.isInteger(events) || events < 1)
      return { kind: 'wrong', message: '--events needs a whole number from 1 on' };
    if (!(shrinkMinutes >= 0)) return { kind: 'wrong', message: '--shrink-minutes needs a number from 0 on' };
    return { kind: 'run', seed, minutes, events, shrinkMinutes, logs, json };
  });
}

/** NaN for what is not a number. */
function numberOf(text: string | undefined, otherwise: number): number {
  return text === undefined ? otherwise : text.trim() === '' ? Number.NaN : Number(text);
}
