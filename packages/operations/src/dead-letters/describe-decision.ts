/** What a decision about dead letters was asked for, as the audit keeps it: filters and positions, and no values. */
import type { AuditDetails } from '../audit/core/audit-record.ts';
import { formatOffsets } from '../core/offset-ranges.ts';
import { offsetsText } from '../replay/core/offsets-text.ts';
import type { EditedDeadLetter } from './core/edited-export.ts';
import type { DecisionRequest } from './plan-decision.ts';

/** Longest list of positions in a record. */
const MAX_POSITIONS_TEXT = 10_000;

export interface DescribedDecision {
  /** `dead letters of connector acme`. */
  readonly about: string;
  readonly request: AuditDetails;
}

export function describeDecision(request: DecisionRequest): DescribedDecision {
  const { topic, connector, code, messageId, commandId, edited, asTrusted } = request;
  const parts = [
    ...(topic === undefined ? [] : [`topic ${topic}`]),
    ...(connector === undefined ? [] : [`connector ${connector}`]),
    ...(code === undefined ? [] : [`cause ${code}`]),
    ...(messageId === undefined ? [] : [`message ${messageId}`]),
    ...(commandId === undefined ? [] : [`command ${commandId}`]),
    ...periodOf(request),
    ...(edited === undefined ? [] : [`an export of ${edited.length}`]),
    ...(asTrusted === undefined ? [] : [`${asTrusted.length} named as trusted`]),
  ];
  return { about: `dead letters: ${parts.length === 0 ? 'all' : parts.join(', ')}`, request: detailsOf(request) };
}

function periodOf({ toDatetime, byDuration, untilDatetime, offsets }: DecisionRequest): string[] {
  return [
    ...(toDatetime === undefined ? [] : [`from ${isoOf(toDatetime)}`]),
    ...(byDuration === undefined ? [] : [`the last ${byDuration / 1_000} s`]),
    ...(untilDatetime === undefined ? [] : [`until ${isoOf(untilDatetime)}`]),
    ...(offsets === undefined ? [] : [`offsets ${cutText(offsetsText(offsets), 200)}`]),
  ];
}

function detailsOf(request: DecisionRequest): AuditDetails {
  const { edited, asTrusted, offsets, toDatetime, untilDatetime, byDuration, ...filter } = request;
  const { topic, connector, code, messageId, commandId, toEarliest, all } = filter;
  return {
    topic,
    connector,
    code,
    messageId,
    commandId,
    toEarliest,
    all,
    ...(toDatetime !== undefined && { from: isoOf(toDatetime) }),
    ...(byDuration !== undefined && { byDurationMs: byDuration }),
    ...(untilDatetime !== undefined && { until: isoOf(untilDatetime) }),
    ...(offsets !== undefined && { offsets: cutText(offsetsText(offsets), MAX_POSITIONS_TEXT) }),
    ...(edited !== undefined && { exported: positionsText(edited) }),
    ...(asTrusted !== undefined && { asTrusted: cutText(asTrusted.join(' '), MAX_POSITIONS_TEXT) }),
  };
}

/** `segment.events.dlq.v1:3:4-9,12`, for each topic and partition. */
function positionsText(edited: readonly EditedDeadLetter[]): string {
  const places = Map.groupBy(edited, ({ topic, partition }) => `${topic}:${partition}`);
  const texts = [...places].map(([place, group]) => `${place}:${formatOffsets(group.map(({ offset }) => offset))}`);
  return cutText(texts.join(' '), MAX_POSITIONS_TEXT);
}

function isoOf(atMs: number): string {
  return new Date(atMs).toISOString();
}

function cutText(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}…`;
}
