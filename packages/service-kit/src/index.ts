export { renderConfigTable } from './config/config-docs.ts';
export type { ConfigProblem } from './config/config-problems.ts';
export { configSections, kafkaConsumerRules } from './config/config-sections.ts';
export { configValues } from './config/config-values.ts';
export {
  defineConfig,
  defineVariables,
  type ConfigDefinition,
  type ConfigOf,
  type ConfigOptions,
  type ConfigRule,
  type ConfigVariable,
  type ConfigVariables,
} from './config/config.ts';
export { LiveText } from './config/live-text.ts';
export { readConfigOrExit, type ConfigProcess } from './config/read-config-or-exit.ts';
export { describeConfig, readConfig, type Environment } from './config/read-config.ts';
export { readTextFile } from './connectors-file/connector-files.ts';
export {
  createConnectorsFileGauge,
  openConnectorSource,
  type ConnectorSource,
  type ConnectorSourceOptions,
} from './connectors-file/connector-source.ts';
export type { ConnectorsChange } from './connectors-file/connectors-change.ts';
export {
  parseConnectorsFile,
  type ConnectorsFile,
  type ConnectorsProblem,
  type KeySource,
} from './connectors-file/connectors-file.ts';
export { resolveKeyFile } from './connectors-file/connectors-snapshot.ts';
export { decodeText, otherEncodingOf, type DecodedText } from './connectors-file/decode-text.ts';
export { loadConnectors } from './connectors-file/load-connectors.ts';
export { replaceConnectorsFile } from './connectors-file/replace-connectors-file.ts';
export { startAdminServer, type AdminServer, type AdminServerOptions } from './http/admin-server.ts';
export { clientOf, descriptorLimit, limitConnections, type ConnectionLimits } from './http/connection-limit.ts';
export { startServiceAdmin, type ServiceAdmin } from './http/service-admin.ts';
export { FaultLog } from './logs/fault-log.ts';
export { createLogger, logLevels, type LogLevel, type Logger, type LoggerOptions } from './logs/logger.ts';
export { hideUrlCredentials, splitUrlCredentials } from './logs/url-credentials.ts';
export { createFaultCounter } from './logs/fault-counts.ts';
export { renderMarkdownTable } from './markdown-table.ts';
export { runService, type ServiceOptions, type ServiceStack, type SignalSource } from './process/lifecycle.ts';
export {
  createMetrics,
  type Counter,
  type Gauge,
  type GaugeOptions,
  type Histogram,
  type HistogramOptions,
  type MetricOptions,
  type Metrics,
  type MetricsRegistry,
} from './process/metrics.ts';
export { readProcessMemory, type ProcessMemory } from './process/process-memory.ts';
export type { Readiness } from './process/readiness.ts';
export { codesOf, createDeadLetterCounter, showBuild, showReadiness } from './process/standard-metrics.ts';
export { waitUntilAvailable, type WaitOptions } from './process/wait-until-available.ts';
export { createRetrier, type Retrier, type RetrierOptions, type RetriedWork } from './retry/retrier.ts';
export { isRetryableFault, retry, type FailedAttempt, type RetryOptions } from './retry/retry.ts';
export { pauseAfter, retryPolicies, type RetryPolicy } from './retry/policies.ts';
export { seededRandom } from './seeded-random.ts';
export { pipelineVersion } from './version.ts';
