/** What the routes of changes are given, and who makes a change. */
import { createAuditor, type Auditor, type AuditLog, type Cluster, type JobRunner } from '@astrolabe/operations';
import type { CommandSchemaRegistry } from '@astrolabe/records/serde';
import type { Environment } from '@astrolabe/service-kit';
import type { Clock } from '@astrolabe/service-kit/clock';
import type { TlsMaterial } from '@astrolabe/service-kit/tls';
import type { ActionPolicy } from '../../core/access/action-policy.ts';
import type { Caller } from '../../routes/route.ts';

export interface ConnectorActions {
  readonly file: string;
  /** The variables that key references may name. */
  readonly variables: Environment;
  /** Where keys are checked; undefined: the console is not told. */
  readonly api: { readonly apiUrl: string; readonly apiTls: TlsMaterial } | undefined;
  /** Where senders reach ingest; undefined: the console is not told. */
  readonly ingestUrl: string | undefined;
  /** Where the console reaches ingest, for test events; undefined: it is not told. */
  readonly testEventsUrl: string | undefined;
}

export interface ActionContext {
  /** Rejects, at once, where the brokers are away. */
  readonly cluster: () => Promise<Cluster>;
  /** Rejects with `audit.not-recorded` where nothing can be recorded. */
  readonly auditLog: () => Promise<AuditLog>;
  /** Rejects where jobs cannot be recorded or read. */
  readonly jobs: () => Promise<JobRunner>;
  readonly registry: CommandSchemaRegistry;
  readonly connectors: ConnectorActions;
  /** Which changes this console makes at all: of a plan it is known only when it is carried out. */
  readonly policy: ActionPolicy;
  readonly topics: { readonly replicationFactor: number; readonly ledgerWindowMs: number };
  /** Values are masked for everybody: then none leaves in an export. */
  readonly isMasked: boolean;
  readonly clock: Clock;
  readonly newId: () => string;
  /** What was read of it before is old. */
  readonly onChanged: (what: 'connectors' | 'contracts') => void;
  /** An action was done, and its end could not be recorded. */
  readonly onEndLost: (error: unknown) => void;
}

export async function auditorOf(context: ActionContext, caller: Caller): Promise<Auditor> {
  return auditorOn(context, await context.auditLog(), caller);
}

export function auditorOn({ clock, newId, onEndLost }: ActionContext, log: AuditLog, caller: Caller): Auditor {
  return createAuditor({ log, clock, newId, onEndLost }, auditedCaller(caller));
}

export function auditedCaller({ name, role, address }: Caller) {
  return { program: 'console', name, role, from: address } as const;
}
