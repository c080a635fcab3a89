/** The JSON of a stored event, as far as the oracle looks at it. */
import { parseJson, type JsonObject } from '@astrolabe/schemas';

/** Undefined if the value is not a JSON object. */
export function readStored(value: string): JsonObject | undefined {
  try {
    const json = parseJson(value);
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

export function storedSentAt(value: string): string | undefined {
  const sentAt = readStored(value)?.['sentAt'];
  return typeof sentAt === 'string' ? sentAt : undefined;
}
