/** Who does something that is audited. Every function of this folder takes one, so that none is done without it. */
import type { AuditedCaller, AuditResult } from '../audit/core/audit-record.ts';
import { performAudited, type ActionToPerform, type AuditTools } from '../audit/perform-audited.ts';

export type DescribedAction = Omit<ActionToPerform, 'caller'>;

/** `perform` is called once the begin of the action is stored; see `performAudited`. */
export type Auditor = <Outcome>(
  action: DescribedAction,
  perform: () => Promise<Outcome>,
  resultOf: (outcome: Outcome) => AuditResult,
) => Promise<Outcome>;

export function createAuditor(tools: AuditTools, caller: AuditedCaller): Auditor {
  return (action, perform, resultOf) => performAudited(tools, { ...action, caller }, perform, resultOf);
}

export function refused(message: string): AuditResult {
  return { kind: 'refused', message };
}
