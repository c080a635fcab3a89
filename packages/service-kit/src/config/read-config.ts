import { inspect } from 'node:util';
import { hideUserinfo, nearestName, showValue, toConfigError, type ConfigProblem } from './config-problems.ts';
import { findMissingCompanions, findMisplaced } from './config-companions.ts';
import { expectedOf, isRequired, settingsOf, type ConfigDefinition, type ConfigVariable } from './config.ts';
import { errorMessage } from '../errors/errors.ts';
import { LiveText } from './live-text.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the environment once into a frozen object. Throws one `config.invalid` that lists all problems, each with the
 * variable's name, what was found (never a secret) and what was expected; `details.problems` has them as
 * `ConfigProblem[]`.
 *
 * Printing the object, as JSON or by `console.log`, shows what `describeConfig` returns.
 */
export function readConfig<Values>(definition: ConfigDefinition<Values>, env: Environment): Readonly<Values> {
  const problems: ConfigProblem[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, variable] of settingsOf(definition.variables)) {
    const result = readVariable(variable, env);
    if ('problem' in result) problems.push(result.problem);
    else values[name] = result.value;
  }
  const textOf = (name: string): string | undefined => setTextOf(name, env);
  const variables = settingsOf(definition.variables).map(([, variable]) => variable);
  problems.push(...findMissingCompanions(variables, textOf), ...findMisplaced(variables, textOf));
  problems.push(...findUnknown(definition, env));
  if (problems.length > 0) throw toConfigError(problems);

  const config = values as Readonly<Values>;
  freezeForPrinting(values, () => describeConfig(definition, config));
  const breaches = findBreaches(definition, config, env);
  if (breaches.length > 0) throw toConfigError(breaches);
  return config;
}

/**
 * The settings by environment variable, secrets hidden and absent ones left out. For a log line or `--check-config`.
 */
export function describeConfig<Values>(
  definition: ConfigDefinition<Values>,
  config: Readonly<Values>,
): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const [name, { env, secret }] of settingsOf(definition.variables)) {
    const value: unknown = config[name];
    if (value === undefined) continue;
    if (value instanceof LiveText && value.path !== undefined) shown[fileVariable(env)] = value.path;
    else
      shown[env] =
        secret || value instanceof LiveText ? '[redacted]' : typeof value === 'string' ? hideUserinfo(value) : value;
  }
  return shown;
}

type Reading = { readonly value: unknown } | { readonly problem: ConfigProblem };

function readVariable(variable: ConfigVariable, env: Environment): Reading {
  const text = textOf(variable.env, env);
  const path = variable.orFile === true ? textOf(fileVariable(variable.env), env) : undefined;
  if (path !== undefined) return readFromFile(variable, path, text);
  const expected = expectedOf(variable);
  if (text === undefined) {
    return isRequired(variable)
      ? { problem: { variable: variable.env, found: undefined, expected } }
      : { value: variable.default };
  }
  const result = variable.schema.safeParse(text);
  if (result.success) return { value: variable.orFile === true ? LiveText.of(text, variable.env) : result.data };
  const found = showValue(text, variable.secret ?? false);
  return { problem: { variable: variable.env, found, expected, ...hintAboutServiceLinks(text) } };
}

function fileVariable(name: string): string {
  return `${name}_FILE`;
}

function readFromFile(variable: ConfigVariable, path: string, text: string | undefined): Reading {
  const name = fileVariable(variable.env);
  const problem = (expected: string): Reading => ({
    problem: { variable: name, found: showValue(path, false), expected },
  });
  if (text !== undefined) return problem(`no value because ${variable.env} has one: set one of the two`);
  const file = LiveText.inFile(path, name);
  try {
    if (variable.schema.safeParse(file.read()).success) return { value: file };
  } catch (error) {
    return problem(`a file that can be read and is not empty; ${errorMessage(error)}`);
  }
  return problem(`a file with ${expectedOf(variable)}`);
}

/** Container platforms pass empty variables, so an empty value means the same as none. */
function textOf(name: string, env: Environment): string | undefined {
  const text = env[name];
  return text === '' ? undefined : text;
}

/** Of a variable or of the file that stands for it. */
function setTextOf(name: string, env: Environment): string | undefined {
  return textOf(name, env) ?? textOf(fileVariable(name), env);
}

function findUnknown<Values>({ variables, prefix }: ConfigDefinition<Values>, env: Environment): ConfigProblem[] {
  if (prefix === undefined) return [];
  const known = settingsOf(variables).flatMap(([, variable]) =>
    variable.orFile === true ? [variable.env, fileVariable(variable.env)] : [variable.env],
  );
  const unknown = Object.keys(env).filter(
    (name) => name.startsWith(prefix) && !known.includes(name) && !serviceLinkSuffix.test(name.slice(prefix.length)),
  );
  return unknown.sort().map((variable) => {
    const nearest = nearestName(variable, known);
    const expected = `no other variable that begins with ${prefix} than those in docs/configuration.md`;
    return { variable, found: 'unknown', expected, ...(nearest && { hint: `did you mean ${nearest}?` }) };
  });
}

/**
 * Kubernetes sets `INGEST_SERVICE_HOST`, `INGEST_PORT_8080_TCP_ADDR` and the like in every pod beside a Service named
 * `ingest`: https://kubernetes.io/docs/tutorials/services/connect-applications-service/#environment-variables
 */
const serviceLinkSuffix = /^(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

function hintAboutServiceLinks(text: string): { hint?: string } {
  if (!/^(tcp|udp|sctp):\/\//.test(text)) return {};
  return { hint: 'Kubernetes sets this for a Service of that name: give the pod enableServiceLinks: false' };
}

function findBreaches<Values>(
  { rules, variables }: ConfigDefinition<Values>,
  config: Readonly<Values>,
  env: Environment,
): ConfigProblem[] {
  const settings = settingsOf(variables);
  const valueOf = (name: string): unknown => {
    const setting = settings.find(([, variable]) => variable.env === name)?.[0];
    return setting === undefined ? undefined : config[setting];
  };
  const own = settings.flatMap(([, { env: name, rule }]) =>
    rule === undefined ? [] : [{ env: name, check: () => rule(valueOf) }],
  );
  return [...own, ...rules].flatMap((rule) => {
    const expected = rule.check(config);
    if (expected === undefined) return [];
    const variable = settings.find(([, { env: name }]) => name === rule.env)?.[1];
    const path = variable?.orFile === true ? textOf(fileVariable(rule.env), env) : undefined;
    if (path !== undefined) return [{ variable: fileVariable(rule.env), found: showValue(path, false), expected }];
    const text = textOf(rule.env, env);
    const found = text === undefined ? 'at its default' : showValue(text, variable?.secret ?? false);
    return [{ variable: rule.env, found, expected }];
  });
}

function freezeForPrinting(values: Record<string, unknown>, describe: () => unknown): void {
  Object.defineProperty(values, 'toJSON', { value: describe });
  Object.defineProperty(values, inspect.custom, { value: describe });
  for (const value of Object.values(values)) Object.freeze(value);
  Object.freeze(values);
}
