/**
 * How the text of an environment variable becomes a value. Every schema carries, by `.describe()`, what it expects in
 * words that complete "expected ...": the same words go into error messages and into `docs/configuration.md`.
 */
import { z } from 'zod';
import { LiveText } from './live-text.ts';

export const configValues = {
  /** Any text that is not empty. */
  text: (expected = 'text') => z.string().describe(expected),

  /** Text that may be replaced while the process runs: a secret, a certificate. */
  liveText: (expected: string, isValid: (text: string) => boolean = () => true) =>
    z
      .string()
      .refine(isValid)
      .transform((text) => LiveText.of(text))
      .describe(expected),

  /** Names with values: `name=value`, several separated by commas. */
  pairs: () =>
    z
      .string()
      .transform((text) => text.split(',').map((part) => part.trim()))
      .pipe(z.array(z.string().regex(/^[A-Za-z]+=[^=\s]+$/)).min(1))
      .transform((pairs) => Object.fromEntries(pairs.map((pair) => pair.split('=') as [string, string])))
      .describe('name=value, several separated by commas'),

  /** A whole number within inclusive bounds. */
  integer: ({ min, max }: { readonly min: number; readonly max: number }) =>
    z
      .string()
      .regex(/^-?\d{1,15}$/)
      .transform(Number)
      .pipe(z.number().min(min).max(max))
      .describe(`a whole number from ${min} to ${max}`),

  /** A decimal number within inclusive bounds. */
  decimal: ({ min, max }: { readonly min: number; readonly max: number }) =>
    z
      .string()
      .regex(/^-?\d{1,15}(\.\d{1,15})?$/)
      .transform(Number)
      .pipe(z.number().min(min).max(max))
      .describe(`a number from ${min} to ${max}`),

  /** A TCP port to listen on. */
  port: () =>
    configValues.integer({ min: 0, max: 65_535 }).describe('a port from 0 to 65535, where 0 takes a free one'),

  boolean: () =>
    z
      .enum(['true', 'false'])
      .transform((text) => text === 'true')
      .describe('true or false'),

  /** One of a closed set of words. */
  oneOf: <const Word extends string>(words: readonly [Word, ...Word[]]) =>
    z.enum(words).describe(`one of ${words.join(', ')}`),

  /** An absolute http or https URL, kept without trailing slashes so that paths can be appended. */
  httpUrl: () =>
    z
      .url({ protocol: /^https?$/ })
      .transform((url) => url.replace(/\/+$/, ''))
      .describe('an http or https URL'),

  /**
   * The start of a topic name, in the characters that Kafka allows there (`org.apache.kafka.common.internals.Topic`).
   */
  topicPrefix: () =>
    z
      .string()
      .regex(/^[a-zA-Z0-9._-]{1,100}$/)
      .describe('up to 100 letters, digits, dots, underscores or hyphens'),

  /** A name within a consumer group, in the characters that Kafka allows for `group.instance.id`. */
  groupInstanceId: () =>
    z
      .string()
      .regex(/^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/)
      .describe('up to 249 letters, digits, dots, underscores or hyphens'),

  /** Host and port pairs separated by commas. */
  hostPorts: () =>
    z
      .string()
      .transform((text) => text.split(',').map((part) => part.trim()))
      .pipe(z.array(z.string().refine(isHostPort)).min(1))
      .describe('host:port, several separated by commas'),

  /** Host names separated by commas, without ports. */
  hostNames: () =>
    z
      .string()
      .transform((text) => text.split(',').map((part) => part.trim().toLowerCase()))
      .pipe(z.array(z.string().regex(/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/)).min(1))
      .describe('host names without ports, several separated by commas'),
};

function isHostPort(text: string): boolean {
  const match = /^(?:\[[0-9a-fA-F:.]+\]|[^\s:/,[\]]+):(\d{1,5})$/.exec(text);
  const port = Number(match?.[1]);
  return port >= 1 && port <= 65_535;
}
