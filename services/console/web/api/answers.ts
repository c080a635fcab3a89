/**
 * What the API answers: types alone, from the shapes that the server holds its answers to. Nothing of the server is
 * loaded.
 */
import type { Role } from '../core/access.ts';

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
import type { findingShape } from '../../src/read/shapes/contracts.ts';
import type { lagShape } from '../../src/read/shapes/lag.ts';
import type { liveEventShape } from '../../src/read/shapes/live.ts';
import type { ReplayDetail, replaysShape } from '../../src/read/shapes/replays.ts';
import type { Panel } from '../../src/read/shapes/values.ts';

type Inferred<Shape extends { readonly _zod: { readonly output: unknown } }> = Shape['_zod']['output'];

export type Finding = Inferred<typeof findingShape>;
export type LagAnswer = Inferred<typeof lagShape>;
export type LiveEvent = Inferred<typeof liveEventShape>;
/** Of one replay. */
export interface ReplayDetailAnswer {
  readonly replay: Panel<ReplayDetail>;
}
export type ReplaysAnswer = Inferred<typeof replaysShape>;

/** Who is at the browser, and what this console lets them do. */
export interface SessionAnswer {
  readonly signedIn: boolean;
  readonly login: { readonly mode: 'none' | 'basic' | 'oidc' };
  /** As audit records name them; null: nobody is signed in. */
  readonly name: string | null;
  /** Null: no rule of CONSOLE_ROLES gives one. */
  readonly role: Role | null;
  /** The rule of CONSOLE_ROLES that gave the role. */
  readonly grantedBy: string | null;
  /** What the log-in said of them. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** Names of claims that came and did not fit into the session. */
  readonly claimsLeft?: readonly string[];
  /** Null: the session does not end. */
  readonly expiresAt: string | null;
  readonly readOnly: boolean;
  readonly disabledActions: readonly string[];
  readonly version: string;
}

/** A dry run. */
export interface PlanAnswer {
  readonly planId: string;
  readonly expiresAt: string;
  readonly counts: Readonly<Record<string, number>>;
  /** What has to be typed; absent: nothing. */
  readonly confirmation?: string | undefined;
  /** In sentences: what the counts alone do not say. */
  readonly notes?: readonly string[] | undefined;
}

/** A change that goes on after its answer. */
export interface JobAnswer {
  readonly id: string;
  readonly action: string;
  readonly state: 'waiting' | 'running' | 'cancelling' | 'done' | 'cancelled' | 'failed';
  readonly about: string;
  readonly who: string;
  readonly from: string;
  readonly begunAt: string;
  readonly endedAt?: string | undefined;
  readonly progress?: { readonly done: number; readonly total?: number | undefined } | undefined;
  /** Why it waits or has failed, or what came of it. */
  readonly message?: string | undefined;
  readonly counts?: Readonly<Record<string, number>> | undefined;
}

export interface AuditEntry {
  readonly id: string;
  readonly action: string;
  readonly caller: {
    readonly program: string;
    readonly name: string;
    readonly role?: string | undefined;
    readonly from?: string | undefined;
  };
  readonly about: string;
  readonly request?: unknown;
  readonly before?: unknown;
  readonly begunAt: string;
  readonly endedAt?: string | undefined;
  readonly result?:
    | {
        readonly kind: string;
        readonly message?: string | undefined;
        readonly counts?: Readonly<Record<string, number>> | undefined;
        readonly after?: unknown;
      }
    | undefined;
}

export interface AuditAnswer {
  readonly entries: readonly AuditEntry[];
  /** Where the next page goes on; absent on the last. A page may have fewer entries than asked for. */
  readonly next?: string | undefined;
  /** The topic does not exist yet: what to do. */
  readonly note?: string | undefined;
}
