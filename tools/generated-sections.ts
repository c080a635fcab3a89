/** The generated parts of the documentation by the name that their markers have. */
import { schemasConfig, topicsConfig } from '@astrolabe/cli/config';
import { consoleConfig } from '@astrolabe/console/config';
import { dispatcherConfig } from '@astrolabe/dispatcher/config';
import { renderOutcomeTable } from '@astrolabe/dispatcher/outcomes';
import { ingestConfig } from '@astrolabe/ingest/config';
import { mapperConfig } from '@astrolabe/mapper/config';
import { headerNames, rightsFor, rightsHolders, topicsFor, type RightsHolder } from '@astrolabe/records';
import { referenceApiConfig } from '@astrolabe/reference-api/config';
import { configSections, renderConfigTable, renderMarkdownTable, type ConfigVariables } from '@astrolabe/service-kit';
import { renderErrorCatalogue } from '@astrolabe/service-kit/errors';
import { ownMetricsOf, type ServiceName } from './metric-catalogue.ts';
import { tracingVariables } from '@astrolabe/tracing';

const shared = [
  configSections.kafka,
  configSections.kafkaConsumer,
  configSections.schemaRegistry,
  configSections.process,
  tracingVariables,
] as const;
const sharedNames = new Set(shared.flatMap((section) => Object.values<{ env: string }>(section).map(({ env }) => env)));

export const sections: Readonly<Record<string, () => string>> = {
  'configuration of kafka': () => renderConfigTable(configSections.kafka),
  'configuration of kafkaConsumer': () => renderConfigTable(configSections.kafkaConsumer),
  'configuration of schemaRegistry': () => renderConfigTable(configSections.schemaRegistry),
  'configuration of process': () => renderConfigTable(configSections.process),
  'configuration of tracing': () => renderConfigTable(tracingVariables),
  'configuration of ingest': () => ownVariables(ingestConfig),
  'configuration of mapper': () => ownVariables(mapperConfig),
  'configuration of dispatcher': () => ownVariables(dispatcherConfig),
  'configuration of console': () => ownVariables(consoleConfig),
  'configuration of cli': () => ownVariables(topicsConfig, schemasConfig),
  'configuration of reference api': () => ownVariables(referenceApiConfig),
  'metrics of ingest': () => metricsTable('ingest'),
  'metrics of mapper': () => metricsTable('mapper'),
  'metrics of dispatcher': () => metricsTable('dispatcher'),
  'metrics of console': () => metricsTable('console'),
  ...Object.fromEntries(rightsHolders.map((holder) => [`rights of ${holder}`, () => rightsTable(holder)])),
  'outcomes of calls': renderOutcomeTable,
  'error codes': renderErrorCatalogue,
  topics: topicsTable,
  headers: () =>
    renderMarkdownTable(
      ['Header', 'Name in the code'],
      Object.entries(headerNames).map(([name, header]) => [`\`${header}\``, `\`headerNames.${name}\``]),
    ),
};

/** The variables of a process beside those that all share. */
function ownVariables(...definitions: readonly { readonly variables: object }[]): string {
  const own: Record<string, { env: string }> = {};
  for (const { variables } of definitions) {
    for (const [name, variable] of Object.entries(variables as Record<string, { env: string }>)) {
      if (!sharedNames.has(variable.env)) own[name] = variable;
    }
  }
  return renderConfigTable(own as unknown as ConfigVariables<Record<string, unknown>>);
}

function metricsTable(service: ServiceName): string {
  const rows = ownMetricsOf(service).map(({ name, help, type, labelNames }) => [
    `\`${name}\``,
    type,
    labelNames.join(', '),
    help,
  ]);
  return renderMarkdownTable(['Metric', 'Type', 'Labels', 'Meaning'], rows);
}

function rightsTable(holder: RightsHolder): string {
  return renderMarkdownTable(
    ['Resource', 'Name', 'Operations', 'To'],
    rightsFor()[holder].map(({ resourceType, name, pattern, operations, purpose }) => [
      resourceType,
      pattern === 'prefixed' ? `begins with \`${name}\`` : `\`${name}\``,
      operations.join(', '),
      purpose,
    ]),
  );
}

const DAY_MS = 86_400_000;

function topicsTable(): string {
  return renderMarkdownTable(
    ['Topic', 'Key', 'Value', 'Partitions', 'Kept'],
    Object.values(topicsFor()).map(({ name, key, value, partitions, retentionMs, cleanupPolicy }) => [
      `\`${name}\``,
      key,
      value,
      String(partitions),
      retentionMs === undefined ? cleanupPolicy : `${String(retentionMs / DAY_MS)} days`,
    ]),
  );
}
