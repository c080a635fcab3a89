export { startLocalStack } from './stack-choice/local-stack.ts';
export type { LocalStack, LocalStackOptions } from './stack-choice/local-stack.ts';
export type { StackKind } from './stack-choice/stack-settings.ts';
export { startLocalCluster } from './jvm/local-cluster.ts';
export type { ClusterBroker, LocalCluster, LocalClusterOptions } from './jvm/local-cluster.ts';
export { startSecuredStack } from './secured/secured-stack.ts';
export type { SecuredListener, SecuredStack, SecuredStackOptions } from './secured/secured-stack.ts';
export { createAuthority } from './certificates/create-authority.ts';
export type { CertificateAuthority, IssuedCertificate } from './certificates/create-authority.ts';
export { describeProgress } from './stack/stack-progress.ts';
export type { StackProgress } from './stack/stack-progress.ts';
export type { BrokerControl } from './stack/broker-control.ts';
export { ownStackEnvironment } from './stack-choice/own-stack-environment.ts';
export { stackEnvironment } from './stack-choice/stack-environment.ts';
export { guardian } from './process/guardian-client.ts';
export { spawnGuarded } from './process/guarded-process.ts';
export type { GuardedProcess, GuardedProcessOptions, ProcessExit } from './process/guarded-process.ts';
export { parsePrometheusText, sumOf, type Sample } from './prometheus-text.ts';
export {
  launchService,
  untilServing,
  spawnService,
  type LaunchedService,
  type LaunchOptions,
  type ServiceProcess,
  type ServiceProcessOptions,
} from './process/service-process.ts';
export { startFaultProxy } from './network/fault-proxy.ts';
export type { FaultProxy, FaultProxyOptions } from './network/fault-proxy.ts';
export { createDraw, type Draw } from './draw.ts';
export { createLedger, positionId } from './ledger.ts';
export type { Ledger, LedgerEntry, LedgerFault, LedgerPosition, LedgerReport } from './ledger.ts';
export { eventually } from './eventually.ts';
export { isRunning, statFields } from './process/process-state.ts';
export { machineEnvironment } from './process/machine-environment.ts';
export { scaledTimeoutMs } from './timeout-factor.ts';
export type { EventuallyOptions } from './eventually.ts';
export { parseCommandLine, runMain, type ParsedCommandLine } from './process/run-main.ts';
export { median, percentile } from './statistics.ts';
export { uniqueName } from './unique-name.ts';
export { cacheDirectory } from './stack/cache-folder.ts';
export { assertClusterPossible, assertStackPossible } from './stack-choice/stack-requirements.ts';
export { findFreePorts } from './network/free-ports.ts';
