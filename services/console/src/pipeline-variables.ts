/**
 * Variables of the services and the command line that the console has to know too: an environment is the same for all.
 */
import { z } from 'zod';
import { DEFAULT_PARTITIONS } from '@astrolabe/records';
import { configSections, configValues, defineVariables } from '@astrolabe/service-kit';

const urls = z
  .string()
  .transform((text) => text.split(',').map((part) => part.trim()))
  .pipe(z.array(configValues.httpUrl()).min(1))
  .describe('http or https URLs, several separated by commas');

export const pipelineVariables = defineVariables({
  serviceUrls: {
    env: 'CONSOLE_SERVICE_URLS',
    schema: urls.optional(),
    description:
      'Admin addresses of ingest, mapper and dispatcher, whose metrics the console shows. A host name with several addresses stands for one instance each.',
  },
  ...configSections.serviceGroups,
  apiUrl: {
    env: 'DISPATCHER_API_URL',
    schema: configValues.httpUrl().optional(),
    description: "Base URL of the Astrolabe API, the same as the dispatcher's; keys are checked there.",
  },
  ...configSections.apiTls,
  partitions: {
    env: 'KAFKA_PARTITIONS',
    schema: configValues.integer({ min: 1, max: 10_000 }),
    default: DEFAULT_PARTITIONS,
    description: 'Partitions of each new topic, as "astrolabe topics apply" is given them.',
  },
  replicationFactor: {
    env: 'KAFKA_REPLICATION_FACTOR',
    schema: configValues.integer({ min: 1, max: 15 }),
    default: 3,
    description: 'Replicas of each new topic, as "astrolabe topics apply" is given them.',
  },
  ledgerWindowHours: {
    env: 'DISPATCHER_LEDGER_WINDOW_HOURS',
    schema: configValues.integer({ min: 1, max: 24 * 365 }),
    default: 48,
    description: "The dispatcher's: how long a delivery is known, in hours.",
  },
});
