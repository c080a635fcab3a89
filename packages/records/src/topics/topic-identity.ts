/**
 * Whether a topic is still the one that stored positions speak of. A topic that is deleted and created again begins at
 * offset 0: positions of the one before would skip its records in silence, or be out of range. Kafka gives each topic
 * an id (KIP-516), which is stored with the positions. No I/O.
 */
import { PipelineError } from '@astrolabe/service-kit/errors';

/** As Kafka prints it: 22 characters of base64url. Undefined where the brokers give none (before Kafka 2.8). */
export type TopicId = string | undefined;

/** A position of another topic of the same name. */
export interface RecreatedTopic {
  readonly topic: string;
  readonly storedId: string;
  readonly currentId: string;
  /** What holds the position, for people: `the position of group astrolabe.mapper`. */
  readonly whose: string;
  /** How to say where to go on; a sentence without its end. */
  readonly remedy: string;
}

/** Undefined where both are the same, or one is not known: a version before this one stored no ids. */
export function isRecreated(storedId: TopicId, currentId: TopicId): boolean {
  return storedId !== undefined && currentId !== undefined && storedId !== currentId;
}

export function topicRecreated({ topic, storedId, currentId, whose, remedy }: RecreatedTopic): PipelineError {
  const what = `${topic} was deleted and created again: ${whose} is of topic id ${storedId}, the topic has ${currentId}`;
  return new PipelineError('kafka.topic-recreated', `${what}; going on would skip records. ${remedy}`, {
    retryable: false,
    details: { topic, storedId, currentId },
  });
}

/** What to type for a group that is to read the new topic from its beginning. */
export function resetRemedy(groupId: string, topic: string): string {
  const command = `kafka-consumer-groups.sh --bootstrap-server BROKER --group ${groupId} --topic ${topic}`;
  return `To read the new topic from its beginning, stop every instance and run: ${command} --reset-offsets --to-earliest --execute`;
}
