/**
 * Mutations of the product, each of which removes one guarantee, to show that a chaos run detects the loss. The product
 * has no switch for this: `register-mutation.ts` patches its source while Node loads it. A patch fails unless its text
 * occurs exactly once.
 */
export interface Patch {
  /** From the repository's root. */
  readonly file: string;
  /** Occurs once. */
  readonly text: string;
  readonly by: string;
}

export interface Mutation {
  /** The guarantee that the product no longer gives. */
  readonly without: string;
  readonly patches: readonly Patch[];
}

export const mutations = {
  'answer-before-stored': {
    without: 'ingest awaits the brokers before it answers 200',
    patches: [
      {
        file: 'services/ingest/src/adapters/kafka-event-sink.ts',
        text: 'await sending;',
        by: 'void Promise.allSettled([sending]);',
      },
    ],
  },
  'no-acknowledgement': {
    without: 'brokers acknowledge what they have stored',
    patches: [
      { file: 'packages/kafka/src/producer/kafkajs-producer.ts', text: '      acks: -1,', by: '      acks: 0,' },
      { file: 'packages/kafka/src/producer/kafkajs-producer.ts', text: 'idempotent: true,', by: 'idempotent: false,' },
      // Without acknowledgement there are no offsets to tell either.
      {
        file: 'packages/kafka/src/producer/kafkajs-producer.ts',
        text: 'of await sending) {',
        by: 'of (await sending) ?? []) {',
      },
      {
        file: 'packages/kafka/src/producer/kafkajs-producer.ts',
        text: 'messages.map((message) => takePosition(topic, message, ofTopic))',
        by: 'messages.map(() => ({ topic, partition: 0, offset: 0n }))',
      },
    ],
  },
  'no-transaction': {
    without: 'commands, state and position of a batch are one transaction, and an old owner is fenced',
    patches: [
      {
        file: 'packages/processing/src/changelog/kafka-changelog-store.ts',
        text: "options.guarantee === 'at-least-once'",
        by: "options.guarantee !== 'at-least-once'",
      },
      {
        file: 'packages/processing/src/changelog/at-least-once-writer.ts',
        text: 'await Promise.all([...sent, before]);',
        by: 'await Promise.all([...sent, before]); await new Promise((resolve) => setTimeout(resolve, 300));',
      },
    ],
  },
  'position-not-stored': {
    without: 'the position is stored with the batch whose commands are stored',
    patches: [
      {
        file: 'packages/processing/src/state/owned-partition.ts',
        text: 'const position = positionRecord(changelog.groupId, nextOffset, session);',
        by: 'const position = positionRecord(changelog.groupId, 0n, session);',
      },
      // Or the mapper would see that its state is older than what is committed, and stop.
      {
        file: 'packages/records/src/positions/state-position.ts',
        text: '(stored === undefined || stored < committed.offset)',
        by: 'stored === undefined',
      },
      // The group's offset is allowed to be late, and where it is not, nothing shows.
      {
        file: 'packages/processing/src/consumer/group-consumer.ts',
        text: 'options.commitIntervalMs ?? 100',
        by: 'options.commitIntervalMs ?? 2_000',
      },
    ],
  },
  'dead-letter-not-stored': {
    without: 'an event that has no commands is in the dead letters before it counts as handled',
    patches: [
      {
        file: 'services/mapper/src/map-batch.ts',
        text: 'outputs.push({ topic: topics.segmentEventsDeadLetters.name, ...deadLetter });',
        by: 'void deadLetter;',
      },
    ],
  },
  'state-not-restored': {
    without: 'the next owner of a partition knows who was deleted for privacy',
    patches: [
      {
        file: 'packages/processing/src/state/state-restore.ts',
        text: 'if (!isPositionKey(text)) this.#state.restore(text, value);',
        by: 'if (!isPositionKey(text)) continue;',
      },
    ],
  },
  'replay-position-not-stored': {
    without: "a replay's position is stored with the records that it made",
    patches: [
      {
        file: 'packages/processing/src/state/owned-partition.ts',
        text: 'outgoing: { outputs: chunk.outputs, state: [...changes, ...positions] },',
        by: 'outgoing: { outputs: chunk.outputs, state: [...changes, ...positions.slice(0, 0)] },',
      },
      // What is published with the records each second would do as well, but for the records of that second.
      {
        file: 'packages/processing/src/replay/replay-cursor.ts',
        text: 'const PUBLISH_EVERY_MS = 1_000;',
        by: 'const PUBLISH_EVERY_MS = 600_000;',
      },
    ],
  },
  'replay-lets-the-suppressed-in': {
    without: 'what a replay brings of users who were deleted for privacy goes nowhere',
    patches: [
      {
        file: 'services/mapper/src/core/suppression.ts',
        text: 'if (suppressed === undefined) return false;',
        by: "if (suppressed === undefined || arrival === 'repeated') return false;",
      },
    ],
  },
  'no-lanes': {
    without: 'a command waits for the one before it of the same key',
    patches: [
      {
        file: 'packages/processing/src/lanes/lane-runner.ts',
        text: 'this.#lanes.add(this.#options.laneOf(task.record), task)',
        by: 'this.#lanes.add(`${this.#options.laneOf(task.record)} ${task.record.offset}`, task)',
      },
    ],
  },
  'commit-beyond-gap': {
    without: 'the committed offset stays before the first command that is not finished',
    patches: [
      {
        file: 'packages/processing/src/lanes/offset-tracker.ts',
        text: 'return this.#entries[this.#head]?.offset ?? this.#position;',
        by: 'return this.#position;',
      },
      {
        file: 'packages/processing/src/lanes/lane-processor.ts',
        text: 'if (main.pendingCount === 0) this.#declare();',
        by: 'this.#declare();',
      },
    ],
  },
  'failure-is-delivery': {
    without: 'a command whose call ended in 5xx is called for again',
    patches: [
      {
        file: 'services/dispatcher/src/core/classify-response.ts',
        text: "    to: 599,\n    outcome: 'retry',\n    reason: 'server-error',",
        by: "    to: 599,\n    outcome: 'delivered',",
      },
    ],
  },
  'refused-key-is-refused-command': {
    without: "a refused key makes its connector's commands wait",
    patches: [
      {
        file: 'services/dispatcher/src/core/classify-response.ts',
        text: "{ from: 401, to: 401, outcome: 'halt',",
        by: "{ from: 401, to: 401, outcome: 'rejected',",
      },
    ],
  },
  'ledger-not-asked': {
    without: 'the delivery ledger is asked before a command is called for',
    patches: [
      {
        file: 'services/dispatcher/src/lifecycle/command-lifecycle.ts',
        text: 'known = this.#options.ledger.lookup(command.deliveryId);',
        by: 'void this.#options.ledger;',
      },
    ],
  },
  'ledger-not-asked-for-replays': {
    without: 'the delivery ledger is asked before a replay calls for a command',
    patches: [
      {
        file: 'services/dispatcher/src/replay/sources/sort-commands.ts',
        text: "if (known === undefined) return { kind: 'run', record, mark };",
        by: "if (known === undefined || known !== undefined) return { kind: 'run', record, mark };",
      },
      {
        file: 'services/dispatcher/src/lifecycle/command-lifecycle.ts',
        text: 'known = this.#options.ledger.lookup(command.deliveryId);',
        by: 'known = command.isReplayed ? undefined : this.#options.ledger.lookup(command.deliveryId);',
      },
    ],
  },
  'forced-key-of-each-attempt': {
    without: 'what a forced replay delivers has the same key whenever it is read',
    patches: [
      {
        file: 'packages/ledger/src/delivery-id.ts',
        text: 'return forcedDeliveryId(replayId, commandId);',
        by: 'return forcedDeliveryId(`${replayId} ${Math.random()}`, commandId);',
      },
    ],
  },
  'ledger-stored-late': {
    without: 'the ledger has a delivery before its offset is committed',
    patches: [
      { file: 'packages/ledger/src/partition-ledger.ts', text: 'return stored;', by: 'return Promise.resolve();' },
      // Later than the run ends, and a process that ends does not wait for it, as one that is killed cannot: all that
      // was delivered is lost, whenever that is. Only this shows that the commit has not waited.
      {
        file: 'packages/ledger/src/chunk/shared-linger.ts',
        text: 'const DEFAULT_LINGER_MS = 25;',
        by: 'const DEFAULT_LINGER_MS = 600_000;',
      },
      {
        file: 'packages/ledger/src/partition-ledger.ts',
        text: 'this.#gatherer.closeAll();',
        by: 'this.#end(closedError());',
      },
    ],
  },
  'command-dead-letter-not-stored': {
    without: 'a command that is given up is in the dead letters before it counts as handled',
    patches: [
      {
        file: 'services/dispatcher/src/lifecycle/command-lifecycle.ts',
        text: "await this.#retry('storing a dead letter', () => deadLetters.send(deadLetterTopic, [deadLetter]));",
        by: 'void [deadLetters, deadLetterTopic, deadLetter];',
      },
    ],
  },
  'key-of-each-attempt': {
    without: 'a command has the same idempotency key in every call',
    patches: [
      {
        file: 'services/dispatcher/src/lifecycle/in-flight-command.ts',
        text: 'return toApiRequest(this.command, this.#deliveryId);',
        by: 'return toApiRequest(this.command, this.#deliveryId + (this.#attempts === undefined ? "" : `-${this.#attempts.count}`));',
      },
    ],
  },
} as const satisfies Readonly<Record<string, Mutation>>;

export type MutationName = keyof typeof mutations;

/** Environment variable that tells a service process which mutation to load. */
export const MUTATION_VARIABLE = 'CHAOS_MUTATION';

/** Throws where a text is not there exactly once: the product has changed, and the patch has to follow it. */
export function applyPatch(source: string, { file, text, by }: Patch): string {
  const parts = source.split(text);
  if (parts.length !== 2) throw new Error(`${file} holds "${text}" ${parts.length - 1} times and not once`);
  return parts.join(by);
}
