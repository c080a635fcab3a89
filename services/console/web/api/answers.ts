/**
 * What the API takes and answers: types alone, from the shapes that the server holds its answers to. Nothing of the
 * server is loaded.
 */
export type {
  AddConnectorBody,
  AddedConnectorAnswer,
  AuditAnswer,
  AuditEntry,
  CheckedAnswer,
  EditConnectorBody,
  JobAnswer,
  JobsAnswer,
  PlanAnswer,
  RotatedAnswer,
  SelectionBody,
  SentReplayBody,
  SentTestEventAnswer,
} from '../../src/api/actions/shapes.ts';
export type {
  ConnectorAnswer,
  ConnectorDelivery,
  ConnectorRates,
  ConnectorsAnswer,
  ConnectorSettings,
} from '../../src/read/shapes/connectors.ts';
export type { DoctorAnswer, SchemasAnswer, TopicsAnswer } from '../../src/read/shapes/contracts.ts';
export type {
  DeadLetterAnswer,
  DeadLetterGroupAnswer,
  DeadLetterGroupsAnswer,
  DeadLetterRecordsAnswer,
  IndexState,
} from '../../src/read/shapes/dead-letters.ts';
export type { LagHistoryAnswer, LagValue } from '../../src/read/shapes/lag.ts';
export type { LiveRow } from '../../src/read/shapes/live.ts';
export type { ComparedFunnel, Funnel, Overview, Period } from '../../src/read/shapes/overview.ts';
export type { ReplayAnswer, ReplayDetail, ReplaysValue } from '../../src/read/shapes/replays.ts';
export type { Hop, TrailAnswer, TrailKind } from '../../src/read/shapes/trail.ts';
export type { Panel, Payload, RebuiltRequest } from '../../src/read/shapes/values.ts';
/** Who is at the browser, and what this console lets them do. */
export type { Session as SessionAnswer } from '../../src/server/session-shape.ts';
import type { findingShape } from '../../src/read/shapes/contracts.ts';
import type { lagShape } from '../../src/read/shapes/lag.ts';
import type { liveEventShape } from '../../src/read/shapes/live.ts';
import type { replayPageShape, replaysShape } from '../../src/read/shapes/replays.ts';

type Inferred<Shape extends { readonly _zod: { readonly output: unknown } }> = Shape['_zod']['output'];

export type Finding = Inferred<typeof findingShape>;
export type LagAnswer = Inferred<typeof lagShape>;
export type LiveEvent = Inferred<typeof liveEventShape>;
/** Of one replay. */
export type ReplayDetailAnswer = Inferred<typeof replayPageShape>;
export type ReplaysAnswer = Inferred<typeof replaysShape>;
