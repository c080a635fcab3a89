/**
 * What an operator does with the pipeline, as functions: for the command line, and for whatever else shows or changes
 * it. They report progress as data, end when their signal aborts, and say what came of it as a value tagged `kind`.
 * They print nothing, and read no arguments, environment or input of the process.
 */
export { checkRights, type CheckedRights, type RightsCheck } from './acls/check-rights.ts';
export {
  runBackfill,
  type BackfillEvent,
  type BackfillOptions,
  type BackfillOutcome,
  type BackfillReport,
  type BadLine,
  type RefusedFile,
} from './backfill/run-backfill.ts';
export { openBackfillState, type BackfillState, type OpenedState } from './backfill/backfill-state.ts';
export { findFiles, type FoundFiles, type SourceFile } from './backfill/find-files.ts';
export type { Cluster, OperationRun, ProgressSnapshot } from './cluster/cluster.ts';
export {
  openCluster,
  type ClusterConfig,
  type OpenClusterOptions,
  type OpenedCluster,
} from './cluster/open-cluster.ts';
export type { ServiceGroups } from './cluster/service-readings.ts';
export type { RangeRefusal, RangeRequest } from './cluster/spans.ts';
export { addConnector, type AddConnectorOptions, type AddConnectorOutcome } from './connectors/add-connector.ts';
export { checkConnectors, type CheckedConnector, type KeyCheck } from './connectors/check-keys.ts';
export {
  findConnector,
  openConnectorsDocument,
  type ConnectorsDocument,
  type ResolvedKey,
  type UnknownConnector,
} from './connectors/connectors-document.ts';
export { listConnectors, setConnectorEnabled, type ListedConnector } from './connectors/edit-connectors.ts';
export type { KeyRequest } from './connectors/new-key.ts';
export {
  findWriteKey,
  nameOfSource,
  openConnector,
  retireKey,
  rotateKey,
  type OpenConnectorOutcome,
  type RotateKeyOutcome,
} from './connectors/rotate-key.ts';
export { parsePasswordHash, userNameForm, type PasswordHash } from './console/core/password-line.ts';
export { MAX_PASSWORD_BYTES, hashPassword, isPassword } from './console/password.ts';
export { applySchemas, checkSchemas, type SchemasCheck } from './contracts/apply-schemas.ts';
export { applyTopics, checkTopics, type TopicsCheck } from './contracts/apply-topics.ts';
export { toOffsetJson } from './core/offset-json.ts';
export { formatOffsets, isInRanges, parseOffsetRanges, type OffsetRange } from './core/offset-ranges.ts';
export { toExportLine, commandJson, type DeadLetterContent } from './dead-letters/core/dead-letter-content.ts';
export { positionOf, type DeadLetter } from './dead-letters/core/dead-letter.ts';
export type { DecisionMark } from './dead-letters/core/decision-marks.ts';
export type { EditedDeadLetter } from './dead-letters/core/edited-export.ts';
export type { CountedCause } from './dead-letters/core/count-causes.ts';
export type { DeadLetterGroup } from './dead-letters/core/group-dead-letters.ts';
export { parseDeadLetterPosition, type DeadLetterPosition } from './dead-letters/core/position.ts';
export { leftOver, type RedriveReport } from './dead-letters/core/redrive-counts.ts';
export { dismiss, previewDismissal, type DismissOptions, type DismissOutcome } from './dead-letters/dismiss.ts';
export { exportDeadLetters, type ExportOptions, type ExportOutcome } from './dead-letters/export.ts';
export type { CommandCodec } from './dead-letters/judge-redrive.ts';
export { listDeadLetters, type ListOptions, type ListOutcome } from './dead-letters/list.ts';
export {
  planDecision,
  readExport,
  type DecisionPlan,
  type DecisionRefusal,
  type DecisionRequest,
} from './dead-letters/plan-decision.ts';
export {
  previewRedrive,
  redrive,
  type RedriveEvent,
  type RedriveOptions,
  type RedriveOutcome,
  type RedrivePreview,
} from './dead-letters/redrive.ts';
export type { PartitionBounds, SelectionRefusal, SelectionRequest } from './dead-letters/selection.ts';
export { showDeadLetter, type ShowOptions, type ShowOutcome } from './dead-letters/show.ts';
export type { Finding } from './doctor/core/finding.ts';
export { createRegistryInspector, type RegistryInspector } from './doctor/registry-inspector.ts';
export {
  runDoctor,
  type DoctorEvent,
  type DoctorOptions,
  type PipelineSettings,
  type Section,
} from './doctor/run-doctor.ts';
export { watchLag, type LagOptions, type LagSnapshot, type ServiceLag } from './lag/watch-lag.ts';
export type { TotalLag } from './lag/core/partition-lag.ts';
export type { DescribedDelivery } from './records/described-delivery.ts';
export type { DescribedRecord, RecordFilter, RecordRole } from './records/describe-record.ts';
export { isOver, type ReplayPhase, type ReplayRequest, type ReplaySource } from '@astrolabe/replay';
export type { ReplayForecast } from './replay/core/forecast.ts';
export type { MissingRecords } from './replay/core/missing-records.ts';
export { offsetsText } from './replay/core/offsets-text.ts';
export type { OlderReplay } from './replay/core/older-replay.ts';
export type { ReplayReport, ReplaySummary } from './replay/core/replay-report.ts';
export { controlReplay, type ControlledReplay } from './replay/control-replay.ts';
export { followReplay, type FollowedReplay, type FollowEvent } from './replay/follow-replay.ts';
export { forecastReplay, type ForecastEvent } from './replay/forecast-replay.ts';
export { findReplay, listReplays, type ListedReplay } from './replay/list-replays.ts';
export { planReplay, type PlannedReplay } from './replay/plan-replay.ts';
export type { SkippedRecords } from './replay/read-source.ts';
export { sourceTopicOf } from './replay/source-topic.ts';
export { startReplay } from './replay/start-replay.ts';
export { tailedTopics, tailRecords, type TailedItem, type TailedTopic, type TailOutcome } from './tail/tail-records.ts';
export type { CommandWait } from './trace/core/judge-wait.ts';
export { traceId, type Trace, type TracedKind, type TraceOptions } from './trace/trace-id.ts';
