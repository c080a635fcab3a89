import { z } from 'zod';
import { configSections, configValues, defineConfig } from '@astrolabe/service-kit';
import { parseApiKeys } from './http/api-keys.ts';

export const referenceApiConfig = defineConfig(
  {
    logLevel: configSections.process.logLevel,
    shutdownTimeoutMs: configSections.process.shutdownTimeoutMs,
    host: {
      env: 'ASTROLABE_API_HOST',
      schema: configValues.text('a host name or an IP address'),
      default: '127.0.0.1',
      description: 'Address that the reference API listens on.',
    },
    port: {
      env: 'ASTROLABE_API_PORT',
      schema: configValues.port(),
      default: 0,
      description: 'Port that the reference API listens on. The address in use is logged at start.',
    },
    database: {
      env: 'ASTROLABE_API_DATABASE',
      schema: configValues.text('the path of a file, or :memory:'),
      default: ':memory:',
      description:
        'Where users, accounts, events and idempotency keys are stored. In memory, they are lost when the process ends.',
    },
    apiKeys: {
      env: 'ASTROLABE_API_KEYS',
      schema: z
        .string()
        .refine(isApiKeys)
        .transform(parseApiKeys)
        .describe('connector=key, several separated by commas')
        .optional(),
      neededWith: { env: 'ASTROLABE_API_CONNECTORS_FILE', matches: /^$/, expected: 'not set' },
      description:
        'API keys and their connectors, each of which has its own workspace; required without ASTROLABE_API_CONNECTORS_FILE.',
      secret: true,
    },
    connectorsFile: {
      env: 'ASTROLABE_API_CONNECTORS_FILE',
      schema: configValues.text('the path of a file').optional(),
      description:
        'A connectors file whose keys are accepted too, those that come into it later included. A key that leaves it is accepted until the end of the process.',
    },
    enableControl: {
      env: 'ASTROLABE_API_CONTROL',
      schema: configValues.boolean(),
      default: false,
      description: 'Serve /__reference, which scripts faults and shows calls, to everybody who can reach the port.',
    },
  },
  { prefix: 'ASTROLABE_API_' },
);

function isApiKeys(text: string): boolean {
  try {
    parseApiKeys(text);
    return true;
  } catch {
    return false;
  }
}
