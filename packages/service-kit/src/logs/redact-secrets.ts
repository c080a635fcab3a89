import pino from 'pino';

const REDACTED = '[redacted]';
const MAX_DEPTH = 10;
const SECRET_NAME = /(api[-_]?key|write[-_]?keys?|authorization|password|passphrase|secret|access[-_]?token)$/i;

/**
 * Whether a key's value must not be shown: `apiKey`, `writeKeys`, `authorization`, `kafkaSaslPassword`,
 * `client_secret`...
 */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/**
 * A copy of a value about to be logged in which the values of secret keys are replaced, at any depth. Errors become
 * plain objects with type, message, stack, their own fields and causes; byte arrays become their length, since they
 * hold customers' data; values nested deeper than ten levels, or in a cycle, are cut off.
 */
export function redactSecrets(value: unknown): unknown {
  return redact(value, 0, new Set());
}

function redact(value: unknown, depth: number, ancestors: Set<object>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (ancestors.has(value)) return '[circular]';
  if (depth > MAX_DEPTH) return '[nested too deeply]';
  if (value instanceof Uint8Array) return `[${value.byteLength} bytes]`;

  ancestors.add(value);
  try {
    const plain = toPlain(value);
    if (typeof plain !== 'object' || plain === null) return plain;
    if (Array.isArray(plain)) return plain.map((item: unknown) => redact(item, depth + 1, ancestors));
    const copy: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(plain)) {
      copy[name] = isSecretName(name) && field != null ? REDACTED : redact(field, depth + 1, ancestors);
    }
    return copy;
  } catch {
    // A getter or toJSON that throws must not turn a log line into a fault.
    return '[cannot be shown]';
  } finally {
    ancestors.delete(value);
  }
}

/** What JSON would make of an object, one level deep. */
function toPlain(value: object): unknown {
  if (value instanceof Error) return { ...pino.stdSerializers.errWithCause(value) };
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON !== 'function') return value;
  return (toJSON as () => unknown).call(value);
}
