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
  /** A revision as git names it. */
  readonly upgradeFrom: string | undefined;
}

export const usage = `npm run chaos -- [--seed S] [--minutes M] [--events N] [--json] [--shrink-minutes M] [--logs FOLDER]
                 [--upgrade-from REVISION]

Runs the whole pipeline on a cluster of three brokers, breaks it at random as the seed says, and compares its end with a model. Exits 1
where a promise was not kept; then it runs again with parts of the schedule, to find the shortest that fails. Exits 75 where the
history of --upgrade-from cannot be had here.

  --seed S             default 1
  --minutes M          of traffic and disturbances; default 2
  --events N           default 40 a second
  --json               one JSON document on standard output
  --shrink-minutes M   after a failure; default 15, 0 for none
  --logs FOLDER        keeps the services' logs there, a file for each instance
  --upgrade-from REVISION
                       begins with the services of that revision (HEAD~1, a tag, a commit), and replaces them by those of this tree
                       and back, one instance after the other, so that both work side by side`;

const EVENTS_PER_MINUTE = 2_400;

const options = {
  seed: { type: 'string' },
  minutes: { type: 'string' },
  events: { type: 'string' },
  json: { type: 'boolean', default: false },
  'shrink-minutes': { type: 'string' },
  logs: { type: 'string' },
  'upgrade-from': { type: 'string' },
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
    const upgradeFrom = values['upgrade-from'];
    // git would take the latter for an option.
    if (upgradeFrom !== undefined && !/^[^-\s]\S*$/.test(upgradeFrom))
      return { kind: 'wrong', message: '--upgrade-from needs a revision: a commit, a tag or something like HEAD~1' };
    return { kind: 'run', seed, minutes, events, shrinkMinutes, logs, upgradeFrom, json };
  });
}

/** NaN for what is not a number. */
function numberOf(text: string | undefined, otherwise: number): number {
  return text === undefined ? otherwise : text.trim() === '' ? Number.NaN : Number(text);
}
