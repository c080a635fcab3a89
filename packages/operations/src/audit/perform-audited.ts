/** The one way to do something that is audited: its begin is stored before it is done, and its end after it. */
import { hideUrlCredentials } from '@astrolabe/service-kit';
import type { Clock } from '@astrolabe/service-kit/clock';
import { PipelineError, errorMessage } from '@astrolabe/service-kit/errors';
import type { AuditLog } from './audit-log.ts';
import { begunRecord, endedRecord, type AuditResult, type BegunAction } from './core/audit-record.ts';

export interface AuditTools {
  readonly log: Pick<AuditLog, 'store'>;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly newId: () => string;
  /** The action has ended, and its end could not be stored: it is shown as not ended. */
  readonly onEndLost: (error: unknown) => void;
}

export type ActionToPerform = Omit<BegunAction, 'id' | 'begunAtMs' | 'job'>;

/**
 * Resolves or rejects as `perform` does. Rejects with `audit.not-recorded` before `perform` is called where the begin
 * cannot be stored.
 */
export async function performAudited<Outcome>(
  tools: AuditTools,
  action: ActionToPerform,
  perform: () => Promise<Outcome>,
  resultOf: (outcome: Outcome) => AuditResult,
): Promise<Outcome> {
  const begun = await begin(tools, action);
  let outcome: Outcome;
  try {
    outcome = await perform();
  } catch (error) {
    await end(tools, begun, failed(error));
    throw error;
  }
  await end(tools, begun, resultOf(outcome));
  return outcome;
}

/** Stores the begin of an action. Rejects with `audit.not-recorded`: then it must not be done. */
async function begin({ log, clock, newId }: AuditTools, action: ActionToPerform): Promise<BegunAction> {
  const begun: BegunAction = { ...action, id: newId(), begunAtMs: clock.nowMs() };
  await storeBegin(log, begun);
  return begun;
}

export async function storeBegin(log: Pick<AuditLog, 'store'>, begun: BegunAction): Promise<void> {
  try {
    await log.store(begunRecord(begun));
  } catch (error) {
    const message = `Nothing was done, because it could not be recorded first: ${errorMessage(error)}`;
    throw new PipelineError('audit.not-recorded', message, { retryable: true, cause: error });
  }
}

async function end({ log, clock, onEndLost }: AuditTools, begun: BegunAction, result: AuditResult): Promise<void> {
  try {
    await log.store(endedRecord({ ...begun, endedAtMs: clock.nowMs(), result }));
  } catch (error) {
    onEndLost(error);
  }
}

export function failed(error: unknown): AuditResult {
  return { kind: 'failed', message: hideUrlCredentials(errorMessage(error)) };
}
