/** The generated parts of the documentation by the name that their markers have. */
import { schemasConfig, topicsConfig } from '@astrolabe/cli/config';
import { dispatcherConfig } from '@astrolabe/dispatcher/config';
import { createDispatcherMetrics } from '@astrolabe/dispatcher/metrics';
import { renderOutcomeTable } from '@astrolabe/dispatcher/outcomes';
import { ingestConfig } from '@astrolabe/ingest/config';
import {
  createIngestMetrics,
  createOversizeRecordsCounter,
  createReadingThreadCounter,
} from '@astrolabe/ingest/metrics';
import { mapperConfig } from '@astrolabe/mapper/config';
import { createMapperMetrics } from '@astrolabe/mapper/metrics';
import { headerNames, rightsFor, rightsHolders, topicsFor, type RightsHolder } from '@astrolabe/records';
import { referenceApiConfig } from '@astrolabe/reference-api/config';
import {
  configSections,
  createConnectorsFileGauge,
  createMetrics,
  renderConfigTable,
  renderMarkdownTable,
  type ConfigVariables,
  type Metrics,
  createFaultCounter,
} from '@astrolabe/service-kit';
import { renderErrorCatalogue } from '@astrolabe/service-kit/errors';

const shared = [
  configSections.kafka,
  configSections.kafkaConsumer,
  configSections.schemaRegistry,
  configSections.process,
] as const;
const sharedNames = new Set(shared.flatMap((section) => Object.values<{ env: string }>(section).map(({ env }) => env)));

export const sections: Readonly<Record<string, () => string>> = {
  'configuration of kafka': () => renderConfigTable(configSections.kafka),
  'configuration of kafkaConsumer': () => renderConfigTable(configSections.kafkaConsumer),
  'configuration of schemaRegistry': () => renderConfigTable(configSections.schemaRegistry),
  'configuration of process': () => renderConfigTable(configSections.process),
  'configuration of ingest': () => ownVariables(ingestConfig),
  'configuration of mapper': () => ownVariables(mapperConfig),
  'configuration of dispatcher': () => ownVariables(dispatcherConfig),
  'configuration of cli': () => ownVariables(topicsConfig, schemasConfig),
  'configuration of reference api': () => ownVariables(referenceApiConfig),
  'metrics of ingest': () =>
    metricsTable('ingest', (metrics) => {
      createIngestMetrics(metrics, () => 0);
      createOversizeRecordsCounter(metrics);
      createReadingThreadCounter(metrics);
      createConnectorsFileGauge(metrics);
    }),
  'metrics of mapper': () => metricsTable('mapper', createMapperMetrics),
  'metrics of dispatcher': () =>
    metricsTable('dispatcher', (metrics) => {
      createDispatcherMetrics(metrics);
      createConnectorsFileGauge(metrics);
    }),
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

function metricsTable(service: string, create: (metrics: Metrics) => unknown): string {
  const metrics = createMetrics({ service });
  createFaultCounter(metrics);
  create(metrics);
  const rows = metrics.registry
    .getMetricsAsArray()
    .map((metric) => metric as unknown as { name: string; help: string; type: string; labelNames: string[] })
    .filter(({ name }) => name.startsWith(`${service}_`))
    .map(({ name, help, type, labelNames }) => [`\`${name}\``, type, labelNames.join(', '), help]);
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
