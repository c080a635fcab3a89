/** Decisions about dead letters, audited. */
import type { AuditResult } from '../audit/core/audit-record.ts';
import type { RedriveReport } from '../dead-letters/core/redrive-counts.ts';
import { describeDecision } from '../dead-letters/describe-decision.ts';
import { dismiss, type DismissOptions, type DismissOutcome } from '../dead-letters/dismiss.ts';
import type { DecisionRequest } from '../dead-letters/plan-decision.ts';
import { redrive, type RedriveOptions, type RedriveOutcome } from '../dead-letters/redrive.ts';
import type { Auditor } from './auditor.ts';

/** `request`: what the plan was made of. */
export function auditedRedrive(
  auditor: Auditor,
  request: DecisionRequest,
  options: RedriveOptions,
): Promise<RedriveOutcome> {
  const { about, request: filter } = describeDecision(request);
  const { maxRedrives, recordsPerSecond } = options;
  const action = request.edited === undefined ? 'redrive' : 'redrive-edited';
  return auditor(
    { action, about, request: { ...filter, maxRedrives, recordsPerSecond } },
    () => redrive(options),
    (outcome) =>
      outcome.kind === 'taken-over'
        ? takenOver
        : { ...redriveResult(outcome.report), after: { redriveId: outcome.redriveId } },
  );
}

export function auditedDismissal(
  auditor: Auditor,
  request: DecisionRequest,
  options: DismissOptions,
): Promise<DismissOutcome> {
  const { about, request: filter } = describeDecision(request);
  return auditor(
    { action: 'dismiss', about, request: { ...filter, reason: options.reason } },
    () => dismiss(options),
    (outcome) =>
      outcome.kind === 'taken-over'
        ? takenOver
        : { kind: 'done', counts: { dismissed: outcome.dismissed }, after: { redriveId: outcome.redriveId } },
  );
}

function redriveResult({ counts, edited, missing }: RedriveReport): AuditResult {
  return { kind: 'done', counts: { ...counts, edited, missing: missing.length } };
}

const takenOver: AuditResult = { kind: 'cancelled', message: 'another redrive or dismissal has taken over' };
