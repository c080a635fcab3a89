import { PipelineError } from '../errors/errors.ts';

/** One thing wrong with the environment. */
export interface ConfigProblem {
  readonly variable: string;
  /** What was found, secrets hidden. Undefined when the variable is absent. */
  readonly found: string | undefined;
  /** Completes "expected ...". */
  readonly expected: string;
  readonly hint?: string;
}

/** One `config.invalid` for all problems: a line for each in the message, the problems themselves in `details`. */
export function toConfigError(problems: readonly ConfigProblem[]): PipelineError {
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  const message = [`the configuration has ${count}:`, ...problems.map(toLine)].join('\n');
  return new PipelineError('config.invalid', message, { retryable: false, details: { problems } });
}

function toLine({ variable, found, expected, hint }: ConfigProblem): string {
  const what = found === undefined ? 'is not set' : `is ${found}`;
  return `  ${variable} ${what}; expected ${expected}${hint === undefined ? '' : ` (${hint})`}`;
}

/** A value in quotes, or that it is secret. Credentials inside a URL are hidden, and long values are cut. */
export function showValue(value: string, secret: boolean): string {
  if (secret) return 'a secret that is not shown';
  const shown = hideUserinfo(value);
  return JSON.stringify(shown.length > 100 ? `${shown.slice(0, 100)}...` : shown);
}

/** Replaces `user:password@` in text that may be a URL, or a list of hosts with ports, well-formed or not. */
export function hideUserinfo(text: string): string {
  return text.replace(/\/\/.*@/, '//[redacted]@').replace(/(^|,)([^/,@]*:[^/,]*)@/g, '$1[redacted]@');
}

/** The known name that a misspelt one most likely means, if any is near enough. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let nearestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(name, candidate);
    if (distance < nearestDistance) [nearest, nearestDistance] = [candidate, distance];
  }
  return nearest;
}

/** Levenshtein distance. */
function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const substitution = (previous[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      current.push(Math.min((previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, substitution));
    }
    previous = current;
  }
  return previous[to.length] ?? 0;
}
