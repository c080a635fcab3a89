/** Which variables are missing beside others, and which are there in vain. */
import { showValue, type ConfigProblem } from './config-problems.ts';
import type { ConfigCondition, ConfigVariable } from './config.ts';

/** Text of a variable, or of the file variable that stands for it; undefined where neither is set. */
export type TextOf = (name: string) => string | undefined;

/** Each variable is reported once, however many others need it. */
export function findMissingCompanions(variables: readonly ConfigVariable[], textOf: TextOf): ConfigProblem[] {
  const problems = new Map<string, ConfigProblem>();
  const miss = (variable: string, expected: string): void => {
    if (textOf(variable) === undefined && !problems.has(variable)) {
      problems.set(variable, { variable, found: undefined, expected });
    }
  };
  for (const { env, togetherWith, neededWith } of variables) {
    if (neededWith !== undefined && holds(neededWith, textOf)) {
      miss(env, `a value because ${neededWith.env} is ${textOf(neededWith.env) ?? 'not set'}`);
    }
    if (textOf(env) === undefined) continue;
    for (const companion of togetherWith ?? []) {
      miss(companion, `a value because ${env} has one: set all of them or none`);
    }
  }
  return [...problems.values()];
}

export function findMisplaced(variables: readonly ConfigVariable[], textOf: TextOf): ConfigProblem[] {
  return variables.flatMap(({ env, onlyWith, secret, orFile }) => {
    const text = textOf(env);
    if (text === undefined || onlyWith === undefined || holds(onlyWith, textOf)) return [];
    const found = secret === true || orFile === true ? 'set' : showValue(text, false);
    return [{ variable: env, found, expected: `no value unless ${onlyWith.env} is ${onlyWith.expected}` }];
  });
}

function holds({ env, matches }: ConfigCondition, textOf: TextOf): boolean {
  return matches.test(textOf(env) ?? '');
}
