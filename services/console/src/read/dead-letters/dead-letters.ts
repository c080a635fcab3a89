/** Dead letters as the API tells them: by cause and connector, page by page, and one in full. */
import {
  commandJson,
  deadLetterTopics,
  showDeadLetter,
  toExportLine,
  type DeadLetterPosition,
  type DeadLetterRole,
  type ShowOutcome,
} from '@astrolabe/operations';
import type { CommandDecoder } from '@astrolabe/records/serde';
import type { Topics } from '@astrolabe/records';
import { stringifyJson } from '@astrolabe/schemas';
import { toInstant } from '../panel.ts';
import { causeOf } from '../payload/cause.ts';
import { toPayload, showAll, bytesPayload, textPayload, type MaskText } from '../payload/payload.ts';
import { decodedPayload, rebuiltRequest } from '../payload/show-command.ts';
import type {
  DeadLetterAnswer,
  DeadLetterGroupAnswer,
  DeadLetterGroupsAnswer,
  DeadLetterRecordsAnswer,
} from '../shapes/dead-letters.ts';
import type { ClusterSource } from '../sources/cluster-source.ts';
import type { IndexFilter, PageBounds } from './core/dead-letter-index.ts';
import { formatCursor } from './core/page-cursor.ts';
import type { DeadLetterWatch } from './dead-letter-watch.ts';

export interface DeadLetterReadsOptions {
  readonly watch: DeadLetterWatch;
  readonly clusters: ClusterSource;
  /** As declared: names of topics are known without brokers. */
  readonly topics: Topics;
  readonly decoder: CommandDecoder | undefined;
  readonly mask: MaskText;
}

export type FoundDeadLetterAnswer =
  { readonly kind: 'found'; readonly deadLetter: DeadLetterAnswer } | Exclude<ShowOutcome, { readonly kind: 'found' }>;

export class DeadLetterReads {
  readonly #options: DeadLetterReadsOptions;

  constructor(options: DeadLetterReadsOptions) {
    this.#options = options;
  }

  groups(filter: IndexFilter): DeadLetterGroupsAnswer {
    const { watch } = this.#options;
    const index = watch.index();
    const groups = index.groups(filter);
    const sum = (state: 'waiting' | 'redriven' | 'dismissed'): number =>
      groups.reduce((total, { counts }) => total + counts[state], 0);
    return {
      index: watch.state(),
      waiting: sum('waiting'),
      redriven: sum('redriven'),
      dismissed: sum('dismissed'),
      groups: groups.map(({ role, code, connector, counts, firstAtMs, lastAtMs, sample }): DeadLetterGroupAnswer => ({
        source: role,
        topic: this.#topicOf(role),
        code,
        connector,
        ...counts,
        first: toInstant(firstAtMs),
        last: toInstant(lastAtMs),
        sample: { message: sample.message, partition: sample.partition, offset: sample.offset.toString() },
        cause: causeOf(code),
      })),
    };
  }

  records(filter: IndexFilter, after: PageBounds | undefined, limit: number): DeadLetterRecordsAnswer {
    const { watch } = this.#options;
    const { found, next } = watch.index().page(filter, after, limit);
    return {
      index: watch.state(),
      records: found.map(({ role, partition, offset, atMs, code, connector, state }) => ({
        source: role,
        topic: this.#topicOf(role),
        partition,
        offset: offset.toString(),
        at: toInstant(atMs),
        code,
        connector,
        state,
      })),
      ...(next === undefined ? {} : { next: formatCursor(next) }),
    };
  }

  /** Reads it at its position, with all decisions: for one that somebody looks at. */
  async one(position: DeadLetterPosition, signal: AbortSignal): Promise<FoundDeadLetterAnswer> {
    const { clusters, decoder, mask } = this.#options;
    const shown = await showDeadLetter({ cluster: await clusters.get(), position, decoder, signal });
    return shown.kind === 'found' ? { kind: 'found', deadLetter: toAnswer(shown, mask) } : shown;
  }

  #topicOf(role: DeadLetterRole): string {
    return deadLetterTopics(this.#options.topics)[role];
  }
}

function toAnswer(
  { deadLetter, content, state, mark }: Extract<ShowOutcome, { kind: 'found' }>,
  mask: MaskText,
): DeadLetterAnswer {
  const { role, record, code } = deadLetter;
  const command = content.kind === 'command' ? content.command : undefined;
  return {
    source: role,
    topic: record.topic,
    partition: record.partition,
    offset: record.offset.toString(),
    at: toInstant(deadLetter.atMs),
    code,
    message: deadLetter.message,
    cause: causeOf(code),
    connector: deadLetter.connectorId,
    messageId: deadLetter.messageId,
    commandId: deadLetter.commandId,
    state,
    decision: mark && { runId: mark.redriveId, at: mark.at, reason: mark.reason },
    wasOnTopic: deadLetter.isFromTopic,
    senderTrust: deadLetter.senderTrust,
    receivedAt: deadLetter.receivedAtMs === undefined ? undefined : toInstant(deadLetter.receivedAtMs),
    redriveCount: deadLetter.redriveCount,
    cutBytes: deadLetter.cutBytes,
    key: toPayload(record.key, mask),
    // The cause and ids: nothing of what a customer's user has sent.
    headers: Object.entries(record.headers).map(([name, value]) => ({ name, value: toPayload(value, showAll) })),
    stored: storedPayload(deadLetter.record.value, content, mask),
    decoded: command && decodedPayload(command, mask),
    request: command && rebuiltRequest(command, undefined, mask),
    exportLine: isAllShown(record.key, content, mask) ? toExportLine(deadLetter, content) : undefined,
  };
}

/** A line to edit holds all of it: there is none where something of it must not be seen. */
function isAllShown(
  key: Buffer | null,
  content: Extract<ShowOutcome, { kind: 'found' }>['content'],
  mask: MaskText,
): boolean {
  const texts = [...(key === null ? [] : [key.toString('utf8')]), ...textsOf(content)];
  return texts.every((text) => mask(text) === text);
}

function textsOf(content: Extract<ShowOutcome, { kind: 'found' }>['content']): readonly string[] {
  switch (content.kind) {
    case 'event':
    case 'text':
      return [content.text];
    case 'command':
      return [stringifyJson(commandJson(content.command))];
    case 'bytes':
      return [content.bytes.toString('latin1')];
    case 'none':
      return [];
  }
}

/** Avro of a command is bytes, even where they happen to be UTF-8. */
function storedPayload(
  value: Buffer | null,
  content: Extract<ShowOutcome, { kind: 'found' }>['content'],
  mask: MaskText,
) {
  if (value === null) return { kind: 'none' } as const;
  if (content.kind === 'command') return bytesPayload(value, 'it is a command in Avro, decoded beside', mask);
  if (content.kind === 'bytes') return bytesPayload(value, content.reason, mask);
  return textPayload(value.toString('utf8'), mask);
}
