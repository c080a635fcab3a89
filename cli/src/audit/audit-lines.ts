/** What `astrolabe audit` shows of an action. Pure. */
import type { AuditEntry } from '@astrolabe/operations';

export function auditRow({ begunAtMs, caller, action, about, end }: AuditEntry): readonly string[] {
  const who = caller.role === undefined ? caller.name : `${caller.name} (${caller.role})`;
  return [new Date(begunAtMs).toISOString(), who, caller.from, action, about, describeEnd(end)];
}

function describeEnd(end: AuditEntry['end']): string {
  if (end === undefined) return 'not ended';
  const { kind, message, counts } = end.result;
  const counted = Object.entries(counts ?? {}).filter(([, count]) => count > 0);
  const parts = [...counted.map(([name, count]) => `${name} ${count}`), ...(message === undefined ? [] : [message])];
  return parts.length === 0 ? kind : `${kind}: ${parts.join(', ')}`;
}
