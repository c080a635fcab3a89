/**
 * Alerts that are broken on purpose, each with one situation that has to find it out: a situation that every broken
 * alert passes shows nothing. No I/O.
 */
import type { AlertRule } from '../alert-rule.ts';
import { withoutClauses } from '../expression.ts';

/** What promtool has to say about the situations of a rule. */
export type Verdict = 'passes' | 'fails';

export interface Trial {
  /** Of its files, and in what is said about it. */
  readonly name: string;
  readonly rule: AlertRule;
  readonly expected: Verdict;
}

/** No series, whatever is going on. */
const NEVER = 'vector(0) > 1';
/** One series, whatever is going on. */
const ALWAYS = 'vector(1)';
const AT_ONCE = '0m';

/** The rule as it is, which passes, and each way to break it for those situations that have to notice. */
export function trialsOf(rule: AlertRule): readonly Trial[] {
  const subject = rule.service === undefined ? rule.name : `${rule.name}-${rule.service}`;
  const broken = (how: string, changes: Partial<AlertRule>): Trial => ({
    name: `${subject}-${how}`,
    rule: { ...rule, ...changes },
    expected: 'fails',
  });
  return [
    { name: `${subject}-as-it-is`, rule, expected: 'passes' },
    ...rule.fires.map((situation, index) =>
      broken(`never-${index + 1}`, { expr: NEVER, fires: [situation], silent: [] }),
    ),
    broken('always', { expr: ALWAYS, fires: [] }),
    ...(rule.for === AT_ONCE ? [] : [broken('at-once', { for: AT_ONCE, fires: [] })]),
    ...withoutClauses(rule.expr).map((expr, index) => broken(`without-clause-${index + 1}`, { expr })),
    ...rule.silent.map((situation, index) =>
      minutesOf(situation.at) < minutesOf(rule.for)
        ? broken(`too-soon-${index + 1}`, { for: AT_ONCE, fires: [], silent: [situation] })
        : broken(`always-${index + 1}`, { expr: ALWAYS, fires: [], silent: [situation] }),
    ),
  ];
}

function minutesOf(duration: string): number {
  const [, minutes] = /^(\d+)m$/.exec(duration) ?? [];
  if (minutes === undefined) throw new Error(`"${duration}" is not a number of minutes, as in 5m`);
  return Number(minutes);
}

export interface Finding {
  readonly trial: Trial;
  /** `nothing`: promtool did not come to a verdict, for example since it could not read the files. */
  readonly found: Verdict | 'nothing';
  /** What promtool printed about the trial. */
  readonly output: string;
}

/** Trials that ended otherwise than expected, from all that `promtool test rules FILE...` printed. */
export function readFindings(
  trials: readonly Trial[],
  output: string,
  fileOf: (trial: Trial) => string,
): readonly Finding[] {
  const parts = new Map(
    output
      .split(/^Unit Testing: +/m)
      .slice(1)
      .map((part) => {
        const end = part.indexOf('\n');
        return [part.slice(0, end).trim(), part.slice(end + 1)] as const;
      }),
  );
  return trials.flatMap((trial) => {
    const part = parts.get(fileOf(trial)) ?? '';
    const found = verdictOf(part);
    return found === trial.expected ? [] : [{ trial, found, output: part }];
  });
}

function verdictOf(part: string): Finding['found'] {
  if (/^ +SUCCESS$/m.test(part)) return 'passes';
  // Whatever else promtool objects to is FAILED as well, without what it expected and got.
  return /^ +FAILED:$/m.test(part) && /\bexp:/.test(part) && /\bgot:/.test(part) ? 'fails' : 'nothing';
}
