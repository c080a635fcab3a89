import type { z } from 'zod';

/** What the text of another variable must be. */
export interface ConfigCondition {
  readonly env: string;
  readonly matches: RegExp;
  /** In words that complete "expected ..." and "only with ... ". */
  readonly expected: string;
}

/** One setting: an environment variable and what it becomes. */
export interface ConfigVariable<Value = unknown> {
  /** Name of the environment variable. An empty value counts as absent. */
  readonly env: string;
  /**
   * Text → value: one of `configValues`, or any zod schema over a string with `.describe('<what it expects>')`. With
   * `.optional()` the variable may be absent and the value is undefined. Defaults go into `default`, not into the
   * schema.
   */
  readonly schema: z.ZodType<Value>;
  /** What it decides and, where there is a trade-off, what it costs. */
  readonly description: string;
  /** The value when the variable is absent. Without it, and unless the schema is optional, the variable is required. */
  readonly default?: NoInfer<Value>;
  /** The value is never shown. Default false. */
  readonly secret?: boolean;
  /**
   * The text may be in a file instead, which the variable with `_FILE` at its end names. For schemas of
   * `configValues.liveText`. Default false.
   */
  readonly orFile?: boolean;
  /** Environment variables that must be set when this one is. */
  readonly togetherWith?: readonly string[];
  /** The variable means nothing unless this holds, and setting it then is an error. */
  readonly onlyWith?: ConfigCondition;
  /** The variable must be set when this holds. */
  readonly neededWith?: ConfigCondition;
  /** As `ConfigRule.check`, with the values by variable, for a rule that comes with a section. */
  readonly rule?: (valueOf: (env: string) => unknown) => string | undefined;
}

export type ConfigVariables<Values> = { readonly [Name in keyof Values]: ConfigVariable<Values[Name]> };

/** A rule over several settings, checked once each of them is valid by itself. */
export interface ConfigRule<Values> {
  /** Environment variable that a breach is reported under. */
  readonly env: string;
  /** What is expected instead, in words that complete "expected ...", or undefined when the rule holds. */
  readonly check: (config: Readonly<Values>) => string | undefined;
}

export interface ConfigOptions<Values> {
  /** The service's own prefix (`INGEST_`): any other variable that begins with it is reported as unknown. */
  readonly prefix?: string;
  readonly rules?: readonly ConfigRule<Values>[];
}

export interface ConfigDefinition<Values> {
  readonly variables: ConfigVariables<Values>;
  readonly prefix: string | undefined;
  readonly rules: readonly ConfigRule<Values>[];
}

/** Type of the object that `readConfig` makes of a definition. */
export type ConfigOf<Definition> = Definition extends ConfigDefinition<infer Values> ? Readonly<Values> : never;

/** Gives a group of variables its type, to be spread into a definition: `{ ...configSections.kafka, ... }`. */
export function defineVariables<Values extends Record<string, unknown>>(
  variables: ConfigVariables<Values>,
): ConfigVariables<Values> {
  return Object.freeze(variables);
}

/**
 * Defines the configuration of a process. Throws a TypeError when two settings read one variable, or when a schema does
 * not say what it expects.
 */
export function defineConfig<Values extends Record<string, unknown>>(
  variables: ConfigVariables<Values>,
  options: ConfigOptions<NoInfer<Values>> = {},
): ConfigDefinition<Values> {
  const seen = new Set<string>();
  for (const [, variable] of settingsOf(variables)) {
    if (seen.has(variable.env)) throw new TypeError(`two settings read ${variable.env}`);
    seen.add(variable.env);
    expectedOf(variable);
  }
  return Object.freeze({ variables: Object.freeze(variables), prefix: options.prefix, rules: options.rules ?? [] });
}

/** Settings as pairs of name and variable, in the order of definition. */
export function settingsOf<Values>(variables: ConfigVariables<Values>): [keyof Values & string, ConfigVariable][] {
  return Object.entries(variables) as [keyof Values & string, ConfigVariable][];
}

/** What a variable's schema expects, in words. */
export function expectedOf({ env, schema }: ConfigVariable): string {
  const { unwrap } = schema as { unwrap?: () => z.ZodType };
  const inner = unwrap === undefined ? schema : unwrap.call(schema);
  const expected = schema.description ?? inner.description;
  if (expected === undefined) throw new TypeError(`the schema of ${env} lacks .describe('<what it expects>')`);
  return expected;
}

/**
 * Whether the variable must be set. Only a schema that keeps undefined undefined is optional: `z.coerce` invents a
 * value.
 */
export function isRequired({ schema, ...variable }: ConfigVariable): boolean {
  if (variable.default !== undefined) return false;
  const absent = schema.safeParse(undefined);
  return !(absent.success && absent.data === undefined);
}
