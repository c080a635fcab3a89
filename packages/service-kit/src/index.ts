export { startAdminServer, type AdminServer, type AdminServerOptions } from './admin-server.ts';
export { fullJitterDelayMs, type FullJitterInput } from './backoff.ts';
export { systemClock, type Clock } from './clock.ts';
export { renderConfigTable } from './config-docs.ts';
export type { ConfigProblem } from './config-problems.ts';
export { configSections } from './config-sections.ts';
export { configValues } from './config-values.ts';
export {
  defineConfig,
  defineVariables,
  type ConfigDefinition,
  type ConfigOf,
  type ConfigOptions,
  type ConfigRule,
  type ConfigVariable,
  type ConfigVariables,
} from './config.ts';
export { descriptorLimit, limitConnections, type ConnectionLimits } from './connection-limit.ts';
export {
  createConnectorsFileGauge,
  openConnectorSource,
  type ConnectorSource,
  type ConnectorSourceOptions,
} from './connector-source.ts';
export type { ConnectorsChange } from './connectors-change.ts';
export { parseConnectorsFile, type ConnectorsFile, type ConnectorsProblem, type KeySource } from './connectors-file.ts';
export { resolveKeyFile } from './connectors-snapshot.ts';
export {
  createConnectorDirectory,
  type Connector,
  type ConnectorDirectory,
  type DeliverySettings,
  type RateLimit,
} from './connectors.ts';
export { readTextFile } from './connector-files.ts';
export { decodeText, otherEncodingOf, type DecodedText } from './decode-text.ts';
export { parseEmailDomain } from './email-domain.ts';
export { errorCatalogue, errorCodes, type ErrorCatalogueEntry, type ErrorCode, type WhoActs } from './error-codes.ts';
export { renderErrorCatalogue } from './error-docs.ts';
export { PipelineError, errorMessage, isPipelineError, type PipelineErrorOptions } from './errors.ts';
export { createFaultCounter } from './fault-counts.ts';
export { FaultLog } from './fault-log.ts';
export { hostFields, isLoopbackHost, parseHostHeader, type HostHeader } from './host-header.ts';
export { runService, type ServiceOptions, type ServiceStack, type SignalSource } from './lifecycle.ts';
export { loadConnectors } from './load-connectors.ts';
export { createLogger, logLevels, type Logger, type LoggerOptions, type LogLevel } from './logger.ts';
export { createManualClock, type ManualClock } from './manual-clock.ts';
export { renderMarkdownTable } from './markdown-table.ts';
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
} from './metrics.ts';
export { readConfigOrExit, type ConfigProcess } from './read-config-or-exit.ts';
export { describeConfig, readConfig, type Environment } from './read-config.ts';
export type { Readiness } from './readiness.ts';
export { replaceConnectorsFile } from './replace-connectors-file.ts';
export { pauseAfter, retryPolicies, type RetryPolicy } from './retry/policies.ts';
export { createRetrier, type Retrier, type RetrierOptions, type RetriedWork } from './retry/retrier.ts';
export { isRetryableFault, retry, type FailedAttempt, type RetryOptions } from './retry/retry.ts';
export { unlessAborted } from './retry/unless-aborted.ts';
export { seededRandom } from './seeded-random.ts';
export { startServiceAdmin, type ServiceAdmin } from './service-admin.ts';
export { waitUntilAvailable, type WaitOptions } from './wait-until-available.ts';
export { hideUrlCredentials, splitUrlCredentials } from './url-credentials.ts';
