/** What filters, an export and named positions ask for → which dead letters a decision is about, and how each goes. */
import { decodeText } from '@astrolabe/service-kit';
import type { Cluster } from '../cluster/cluster.ts';
import type { PartitionSpan } from '../cluster/spans.ts';
import { positionOf, roleOf } from './core/dead-letter.ts';
import { parseExport, type EditedDeadLetter } from './core/edited-export.ts';
import { parseDeadLetterPosition, type DeadLetterPosition } from './core/position.ts';
import {
  findSelection,
  selectionOf,
  spansOfPositions,
  type DeadLetterSelection,
  type DeadLetterSpans,
  type SelectionRefusal,
  type SelectionRequest,
} from './selection.ts';

export interface DecisionRequest extends SelectionRequest {
  /** Every dead letter that waits. */
  readonly all?: boolean;
  /** Those of an export, with the values that it has now. */
  readonly edited?: readonly EditedDeadLetter[];
  /** Positions of events whose senders the operator vouches for. Alone, or with an export that holds them. */
  readonly asTrusted?: readonly string[];
}

export interface DecisionPlan {
  readonly selection: DeadLetterSelection;
  /** By position, what an export says. */
  readonly edited: ReadonlyMap<string, EditedDeadLetter>;
  /** Positions that the operator has named and vouches for. */
  readonly trusted: ReadonlySet<string>;
  /** Undefined: the whole selection. */
  readonly only: ReadonlySet<string> | undefined;
}

export type DecisionRefusal =
  | SelectionRefusal
  | { readonly kind: 'nothing-selected' }
  | { readonly kind: 'invalid-position'; readonly text: string }
  /** A command was trusted when its event came. */
  | { readonly kind: 'trusted-command' }
  | { readonly kind: 'trusted-with-filter' }
  | { readonly kind: 'trusted-not-exported'; readonly position: string }
  /** An export names a topic that is not a dead-letter topic of this pipeline. */
  | { readonly kind: 'foreign-topic'; readonly topic: string };

export type PlannedDecision = { readonly kind: 'plan'; readonly plan: DecisionPlan } | DecisionRefusal;

type PlanningCluster = Pick<Cluster, 'admin' | 'reader' | 'topics'>;

const NONE: ReadonlyMap<string, EditedDeadLetter> = new Map();

export async function planDecision(
  cluster: PlanningCluster,
  request: DecisionRequest,
  nowMs: number,
): Promise<PlannedDecision> {
  const named: DeadLetterPosition[] = [];
  for (const text of request.asTrusted ?? []) {
    const position = parseDeadLetterPosition(cluster.topics, text, request.topic);
    if (position === undefined) return { kind: 'invalid-position', text };
    if (position.role !== 'events') return { kind: 'trusted-command' };
    named.push(position);
  }
  const trusted = new Set(named.map(positionOf));
  if (request.edited !== undefined) return planExport(cluster, request, request.edited, trusted);
  const isSelected = isNarrowed(request) || request.all === true || request.toEarliest === true;
  if (named.length > 0) {
    if (isSelected) return { kind: 'trusted-with-filter' };
    const found = await spansOfPositions(cluster, named);
    if (found.kind !== 'spans') return found;
    const selection = selectionOf([{ role: 'events', spans: found.spans }], {});
    return { kind: 'plan', plan: { selection, edited: NONE, trusted, only: trusted } };
  }
  if (!isSelected) return { kind: 'nothing-selected' };
  const found = await findSelection(cluster, request, nowMs);
  if (found.kind !== 'selection') return found;
  return { kind: 'plan', plan: { selection: found.selection, edited: NONE, trusted, only: undefined } };
}

function isNarrowed(request: DecisionRequest): boolean {
  const { topic, connector, code, messageId, commandId, toDatetime, byDuration, untilDatetime, offsets } = request;
  return [topic, connector, code, messageId, commandId, toDatetime, byDuration, untilDatetime, offsets?.length].some(
    (filter) => filter !== undefined,
  );
}

async function planExport(
  cluster: PlanningCluster,
  request: DecisionRequest,
  exported: readonly EditedDeadLetter[],
  trusted: ReadonlySet<string>,
): Promise<PlannedDecision> {
  const edited = new Map(exported.map((each) => [each.position, each]));
  const absent = [...trusted].find((position) => !edited.has(position));
  if (absent !== undefined) return { kind: 'trusted-not-exported', position: absent };
  const parts: DeadLetterSpans[] = [];
  for (const [topic, group] of Map.groupBy(exported, (each) => each.topic)) {
    const role = roleOf(cluster.topics, topic);
    if (role === undefined) return { kind: 'foreign-topic', topic };
    const positions = group.map(({ partition, offset }): DeadLetterPosition => ({ role, topic, partition, offset }));
    const found = await spansOfPositions(cluster, positions);
    if (found.kind !== 'spans') return found;
    parts.push({ role, spans: joined(found.spans) });
  }
  const selection = selectionOf(parts, request);
  return { kind: 'plan', plan: { selection, edited, trusted, only: new Set(edited.keys()) } };
}

/** Each partition from its first to its last position, read in one go. */
function joined(spans: readonly PartitionSpan[]): PartitionSpan[] {
  const byPartition = Map.groupBy(spans, ({ partition }) => partition);
  return [...byPartition.values()].map((group) =>
    group.reduce((whole, { fromOffset, endOffset }) => ({
      ...whole,
      fromOffset: fromOffset < whole.fromOffset ? fromOffset : whole.fromOffset,
      endOffset: endOffset > whole.endOffset ? endOffset : whole.endOffset,
    })),
  );
}

export type ReadExport =
  | { readonly kind: 'dead-letters'; readonly deadLetters: readonly EditedDeadLetter[] }
  | { readonly kind: 'other-encoding'; readonly encoding: string }
  | { readonly kind: 'invalid'; readonly line: number; readonly reason: string };

/** The bytes of an export that may have been edited. */
export function readExport(bytes: Buffer): ReadExport {
  const decoded = decodeText(bytes);
  return decoded.kind === 'other-encoding' ? decoded : parseExport(decoded.text);
}
