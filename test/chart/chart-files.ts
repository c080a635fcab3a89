/** The chart's files as its tests read them, without Helm. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { parse } from 'yaml';

export const root = join(import.meta.dirname, '../..');
export const chartFolder = join(root, 'deploy/helm/astrolabe');

export type Values = Readonly<Record<string, unknown>>;

export function readChartFile(path: string): string {
  return readFileSync(join(chartFolder, path), 'utf8');
}

export function readValues(path: string): Values {
  return parse(readChartFile(path)) as Values;
}

/** `minimal`, `secured` and so on: what `ci/` has an example of. */
export function valueSetNames(): readonly string[] {
  return readdirSync(join(chartFolder, 'ci'))
    .map((file) => file.replace(/-values\.yaml$/, ''))
    .sort();
}

/** Whether values obey the chart's schema, and what is wrong with them. */
export function compileSchema(): ValidateFunction {
  return new Ajv({ allErrors: true, strict: false }).compile(JSON.parse(readChartFile('values.schema.json')) as object);
}

/** A value set laid over the chart's values. */
export function effectiveValues(valueSet: string): Values {
  return layOver(readValues('values.yaml'), readValues(`ci/${valueSet}-values.yaml`));
}

/** As Helm does it: maps are merged, null takes a value away, anything else replaces it. */
export function layOver(base: Values, over: Values): Values {
  const merged = new Map(Object.entries(base));
  for (const [name, value] of Object.entries(over)) {
    const below = merged.get(name);
    if (value === null) merged.delete(name);
    else merged.set(name, isMap(below) && isMap(value) ? layOver(below, value) : value);
  }
  return Object.fromEntries(merged);
}

export function isMap(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The text of all templates. */
export function readTemplates(): string {
  return readdirSync(join(chartFolder, 'templates'), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(ya?ml|tpl|txt)$/.test(file))
    .sort()
    .map((file) => readChartFile(join('templates', file)))
    .join('\n');
}
