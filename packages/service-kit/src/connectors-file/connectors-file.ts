/** The shape of connectors.json; `schemas/connectors.schema.json` says the same to editors. */
import { z } from 'zod';
import { parseEmailDomain } from '../connectors/email-domain.ts';
import { errorMessage } from '../errors/errors.ts';

/** One thing wrong with the connectors file. Never holds a key. */
export interface ConnectorsProblem {
  /** Place in the file: `connectors[2].apiKey`. Empty for the file as a whole. */
  readonly place: string;
  readonly message: string;
}

/** A key given inline, as the name of an environment variable, or as the path of a file. */
export type KeySource = string | { readonly env: string } | { readonly file: string };

const keySource: z.ZodType<KeySource> = z.union(
  [z.string(), z.strictObject({ env: z.string().min(1) }), z.strictObject({ file: z.string().min(1) })],
  { error: 'expected a key as text, {"env": "NAME"} or {"file": "path"}' },
);

const MAX_EVENTS = 1_000_000;

const rateLimit = z.strictObject({
  eventsPerSecond: z.int().min(0).max(MAX_EVENTS),
  burst: z.int().min(1).max(MAX_EVENTS),
});

const MAX_CONCURRENT_CALLS = 4_096;
const MAX_CALLS_PER_SECOND = 1_000_000;

const delivery = z.strictObject({
  maxConcurrentCalls: z.int().min(1).max(MAX_CONCURRENT_CALLS).exactOptional(),
  callsPerSecond: z.int().min(0).max(MAX_CALLS_PER_SECOND).exactOptional(),
  bulk: z.boolean().exactOptional(),
});

/** Becomes lower case and punycode. The message does not quote the value: it may be a key in the wrong place. */
const emailDomains = z.array(
  z.string().transform((text, context) => {
    const domain = parseEmailDomain(text);
    if (domain !== undefined) return domain;
    context.addIssue({
      code: 'custom',
      message: 'expected a domain of email addresses, such as acme.com, without an @',
    });
    return z.NEVER;
  }),
);

const connector = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, {
    error: 'expected 1 to 63 lower-case letters, digits and hyphens, the first no hyphen',
  }),
  name: z.string().min(1),
  apiKey: keySource,
  writeKeys: z.array(keySource).default([]),
  webhookSecret: keySource.optional(),
  freeEmailProviders: z.enum(['allow', 'block']).default('allow'),
  allowedEmailDomains: emailDomains.optional(),
  deniedEmailDomains: emailDomains.optional(),
  enabled: z.boolean().default(true),
  rateLimit: rateLimit.optional(),
  delivery: delivery.optional(),
});

const connectorsFile = z.strictObject({
  /** For editors; not read. */
  $schema: z.string().optional(),
  connectors: z.array(connector),
});

export type ConnectorsFile = z.output<typeof connectorsFile>;

export type ParsedConnectorsFile =
  | { readonly kind: 'parsed'; readonly file: ConnectorsFile }
  | { readonly kind: 'invalid'; readonly problems: readonly ConnectorsProblem[] };

/** The text of a connectors file → its content, its keys not looked up yet, or every breach of the format. */
export function parseConnectorsFile(text: string): ParsedConnectorsFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    // The parser's own message quotes the file, and which may contain a key: only the position is passed on.
    const position = /line \d+ column \d+/.exec(errorMessage(error))?.[0];
    return { kind: 'invalid', problems: [{ place: '', message: `is not JSON${position ? `: see ${position}` : ''}` }] };
  }
  const result = connectorsFile.safeParse(json);
  if (result.success) return { kind: 'parsed', file: result.data };
  const problems = result.error.issues.map((issue) => ({ place: toPlace(issue.path), message: describeIssue(issue) }));
  return { kind: 'invalid', problems };
}

/** A likely misspelling of a field's name. Anything else may be a key. */
const FIELD_NAME = /^[$A-Za-z][A-Za-z_-]{0,23}$/;

function describeIssue(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'unrecognized_keys') return issue.message;
  const names = issue.keys.map((name) => (FIELD_NAME.test(name) ? `"${name}"` : 'one whose name is not shown'));
  return `has a field that is not known: ${names.join(', ')}`;
}

function toPlace(path: readonly PropertyKey[]): string {
  return path.reduce<string>((place, step) => {
    if (typeof step === 'number') return `${place}[${step}]`;
    return place === '' ? String(step) : `${place}.${String(step)}`;
  }, '');
}
