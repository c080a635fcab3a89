/** The shape of connectors.json; `schemas/connectors.schema.json` says the same to editors. */
import { z } from 'zod';

/** A key given inline, as the name of an environment variable, or as the path of a file. */
export type KeySource = string | { readonly env: string } | { readonly file: string };

const keySource: z.ZodType<KeySource> = z.union(
  [z.string(), z.strictObject({ env: z.string().min(1) }), z.strictObject({ file: z.string().min(1) })],
  { error: 'expected a key as text, {"env": "NAME"} or {"file": "path"}' },
);

const connector = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, {
    error: 'expected 1 to 63 lower-case letters, digits and hyphens, the first no hyphen',
  }),
  name: z.string().min(1),
  apiKey: keySource,
  writeKeys: z.array(keySource).default([]),
  freeEmailProviders: z.enum(['allow', 'block']).default('allow'),
  enabled: z.boolean().default(true),
});

export const connectorsFile = z.strictObject({
  /** For editors; not read. */
  $schema: z.string().optional(),
  connectors: z.array(connector),
});

export type ConnectorsFile = z.output<typeof connectorsFile>;
