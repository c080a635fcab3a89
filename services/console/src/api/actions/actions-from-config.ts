/** Changes as a process makes them: real brokers, a real registry, and the connectors file of the services. */
import { randomUUID } from 'node:crypto';
import { schemaRegistryFromConfig } from '@astrolabe/kafka';
import type { Cluster } from '@astrolabe/operations';
import { commandSchemasIn } from '@astrolabe/records/serde';
import { splitUrlCredentials, type Environment, type Logger } from '@astrolabe/service-kit';
import { systemClock } from '@astrolabe/service-kit/clock';
import { errorMessage } from '@astrolabe/service-kit/errors';
import type { TlsMaterial } from '@astrolabe/service-kit/tls';
import type { ConsoleConfig } from '../../config.ts';
import type { ActionContext } from './action-context.ts';
import { createActions, type Actions } from './create-actions.ts';

const HOUR_MS = 3_600_000;

export interface ActionsFromConfigOptions {
  readonly config: ConsoleConfig & {
    /** Base URL of the Astrolabe API, where keys are checked; undefined: the console is not told. */
    readonly apiUrl?: string | undefined;
    readonly replicationFactor: number;
    readonly ledgerWindowHours: number;
  };
  readonly apiTls: TlsMaterial;
  /** The variables that key references may name. */
  readonly env: Environment;
  /** Rejects, at once, where the brokers are away. */
  readonly cluster: () => Promise<Cluster>;
  /** Values are masked for everybody. */
  readonly isMasked: boolean;
  readonly onChanged: ActionContext['onChanged'];
  readonly logger: Logger;
}

/** Connects to nothing yet. */
export function actionsFromConfig(options: ActionsFromConfigOptions): Actions {
  const { config, apiTls, env, cluster, isMasked, onChanged, logger } = options;
  const { connectorsFile: file, apiUrl, ingestUrl, replicationFactor, ledgerWindowHours } = config;
  const { testEventsUrl = ingestUrl } = config;
  return createActions({
    cluster,
    registry: commandSchemasIn(schemaRegistryFromConfig(config)),
    connectors: {
      file,
      variables: env,
      api: apiUrl === undefined ? undefined : { apiUrl, apiTls },
      ingestUrl: baseUrl(ingestUrl),
      testEventsUrl: baseUrl(testEventsUrl),
    },
    topics: { replicationFactor, ledgerWindowMs: ledgerWindowHours * HOUR_MS },
    policy: { readOnly: config.readOnly, disabledActions: config.disabledActions ?? new Set() },
    isMasked,
    onChanged,
    clock: systemClock,
    jobClock: systemClock,
    random: Math.random,
    newId: randomUUID,
    onFault: (doing, error) => logger.warn({ error: errorMessage(error) }, `${doing} failed`),
  });
}

/** Paths are put behind it. */
function baseUrl(url: string | undefined): string | undefined {
  return url === undefined ? undefined : splitUrlCredentials(url).url.replace(/\/+$/, '');
}
