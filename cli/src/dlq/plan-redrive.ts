/** What flags, an export and named positions ask for → which dead letters, and how each goes. */
import { readFile } from 'node:fs/promises';
import { decodeText } from '@astrolabe/service-kit';
import { errorMessage } from '@astrolabe/service-kit/errors';
import type { Cluster, PartitionSpan } from '../cluster.ts';
import { UsageError } from '../exit-codes.ts';
import { positionOf, roleOf, type LetterFilter } from './dead-letter.ts';
import { parseExport, type EditedLetter } from './edited-export.ts';
import { parsePosition, spansOfPositions, type LetterPosition } from './letter-position.ts';
import { spansOfSelection, type LetterSpans, type SelectionFlags } from './letter-selection.ts';

export interface PlanFlags extends SelectionFlags {
  readonly all?: boolean;
  readonly fromFile?: string;
  readonly asTrusted?: readonly string[];
}

export interface LetterPlan {
  readonly selection: readonly LetterSpans[];
  readonly filter: LetterFilter;
  /** By position, what an export says. */
  readonly edited: ReadonlyMap<string, EditedLetter>;
  /** Positions that the operator has named and answers for. */
  readonly trusted: ReadonlySet<string>;
  /** Undefined: the whole selection. */
  readonly only: ReadonlySet<string> | undefined;
}

const NONE: ReadonlyMap<string, EditedLetter> = new Map();

export async function planLetters(cluster: Cluster, flags: PlanFlags, nowMs: number): Promise<LetterPlan> {
  const named = (flags.asTrusted ?? []).map((text) => parsePosition(cluster.topics, text, flags.topic));
  const trusted = new Set(named.map(positionOf));
  if (named.some(({ role }) => role !== 'events')) {
    throw new UsageError('--as-trusted is of events; a command was trusted when its event came.');
  }
  if (flags.fromFile !== undefined) {
    const edited = await readExport(flags.fromFile);
    const absent = [...trusted].find((position) => !edited.has(position));
    if (absent !== undefined) throw new UsageError(`${flags.fromFile} has no dead letter ${absent}.`);
    const selection = await selectionOf(cluster, flags.fromFile, [...edited.values()]);
    return { selection, filter: flags, edited, trusted, only: new Set(edited.keys()) };
  }
  const isNarrowed = [flags.topic, flags.connector, flags.code, flags.messageId, flags.commandId, flags.toDatetime]
    .concat([flags.byDuration, flags.untilDatetime, flags.offsets?.length])
    .some((flag) => flag !== undefined);
  const isSelected = isNarrowed || flags.all === true || flags.toEarliest === true;
  if (named.length > 0) {
    if (isSelected) {
      throw new UsageError(
        '--as-trusted names its dead letters one by one: it goes alone or with --from-file, never with --all or a filter.',
      );
    }
    return {
      selection: [{ role: 'events', spans: await spansOfPositions(cluster, named) }],
      filter: {},
      edited: NONE,
      trusted,
      only: trusted,
    };
  }
  if (!isSelected) {
    throw new UsageError('Say which dead letters: by --code, --connector, --by-duration, --offsets, ..., or --all.');
  }
  const selection = await spansOfSelection(cluster, flags, nowMs);
  return { selection, filter: flags, edited: NONE, trusted, only: undefined };
}

async function readExport(path: string): Promise<ReadonlyMap<string, EditedLetter>> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${errorMessage(error)}`);
  }
  const decoded = decodeText(bytes);
  if (decoded.kind === 'other-encoding') {
    throw new UsageError(`${path} is ${decoded.encoding}; save it as UTF-8. Nothing was changed.`);
  }
  const parsed = parseExport(decoded.text);
  if (parsed.kind === 'invalid') throw new UsageError(`${path}:${parsed.line}: ${parsed.reason}; nothing was changed.`);
  return new Map(parsed.letters.map((letter) => [letter.position, letter]));
}

async function selectionOf(cluster: Cluster, path: string, letters: readonly EditedLetter[]): Promise<LetterSpans[]> {
  const byTopic = Map.groupBy(letters, ({ topic }) => topic);
  return Promise.all(
    [...byTopic].map(async ([topic, group]): Promise<LetterSpans> => {
      const role = roleOf(cluster.topics, topic);
      if (role === undefined) {
        throw new UsageError(`${path}: ${topic} is not a dead-letter topic of this pipeline.`);
      }
      const positions = group.map(({ partition, offset }): LetterPosition => ({ role, topic, partition, offset }));
      return { role, spans: joined(await spansOfPositions(cluster, positions)) };
    }),
  );
}

/** Each partition from its first to its last, read in one go. */
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
