/** The place of a dead letter, as `[topic:]partition:offset`. Pure. */
import type { Topics } from '@astrolabe/records';
import { deadLetterTopics, roleOf, type DeadLetterRole } from './dead-letter.ts';

export interface DeadLetterPosition {
  readonly role: DeadLetterRole;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

/**
 * Undefined for text that names no dead letter. `defaultTopic`: where the text names no topic; a role, or the name of a
 * topic.
 */
export function parseDeadLetterPosition(
  topics: Topics,
  text: string,
  defaultTopic: string | undefined,
): DeadLetterPosition | undefined {
  const match = /^(?:(.+):)?(\d{1,9}):(\d{1,18})$/.exec(text);
  const name = match?.[1] ?? defaultTopic;
  const role = name === undefined ? undefined : roleOf(topics, name);
  if (match === null || role === undefined) return undefined;
  return {
    role,
    topic: deadLetterTopics(topics)[role],
    partition: Number(match[2]),
    offset: BigInt(match[3] ?? ''),
  };
}
