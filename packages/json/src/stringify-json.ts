import type { JsonValue } from './json-value.ts';

/** Writes JSON text; a `bigint` becomes its digits. Throws `TypeError` for what JSON cannot express (a cycle). */
export function stringifyJson(value: JsonValue): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return JSON.stringify(value, (_name, member: unknown) =>
      typeof member === 'bigint' ? rawJson(member.toString()) : member,
    );
  }
}

/** ES2026 ("JSON.parse source text access"); TypeScript's library lacks it. */
const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;
