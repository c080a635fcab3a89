/**
 * Processes that count the records of partitions on modelled brokers, and whatever can happen to them: moves of
 * partitions that they hear of or not, pauses, deaths, lost requests and answers.
 */
import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { silentLogger } from '@astrolabe/kafka/testing';
import { positionKey, readClaim, readReplayPosition, type ConsumedRecord } from '@astrolabe/records';
import type { GroupSession, PartitionProcessor } from '../consumer/partition-processor.ts';
import { createStateProcessor } from '../state/state-processor.ts';
import { SKIPPED, countByKey, countCodec, countedOnce, stateOf } from './counting.ts';
import { startCountingProcess, turningClock, wake, type CountingProcess, type Member } from './counting-process.ts';
import { CountingReplay } from './counting-replay.ts';
import { InMemoryChangelogBrokers } from './in-memory-changelog-brokers.ts';

export const PARTITIONS = 2;
const INPUT = 'input';
const OUTPUT = 'output';
const REPLAYED = 'replayed';
const STATE = 'state';
const GROUP = 'group';

export type Step =
  | {
      readonly kind: 'append';
      readonly partition: number;
      readonly keys: readonly string[];
      readonly skipped: boolean;
    }
  /** The fetch loop of a process, be it the owner or one that does not know that it has lost the partition. */
  | { readonly kind: 'fetch'; readonly process: number; readonly partition: number; readonly records: number }
  /** The partition goes to another process. The last one is told, or goes on without knowing. */
  | { readonly kind: 'move'; readonly partition: number; readonly process: number; readonly told: boolean }
  /** Its requests and answers are on their way until it wakes. */
  | { readonly kind: 'pause' | 'wake'; readonly process: number }
  /** For good. Its partitions go to a new process, of the same name or another one. */
  | { readonly kind: 'die'; readonly process: number; readonly sameName: boolean }
  | { readonly kind: 'lose'; readonly process: number; readonly steps: readonly boolean[] }
  /** What is on the input of the partition by now is replayed, by its owner. */
  | { readonly kind: 'replay'; readonly partition: number }
  | { readonly kind: 'commit'; readonly partition: number }
  | { readonly kind: 'compact'; readonly partition: number }
  | { readonly kind: 'turns'; readonly turns: number };

export class CountingWorld {
  readonly brokers = new InMemoryChangelogBrokers(STATE);
  readonly faults: unknown[] = [];
  readonly #clock = turningClock();
  readonly #replay = new CountingReplay({
    output: REPLAYED,
    input: (partition) => this.brokers.committed(INPUT, partition).map(({ record }) => record),
  });
  readonly #committed = new Map<number, bigint>();
  readonly #owners = new Map<number, Member>();
  readonly #processes: CountingProcess[];
  #names = 0;

  constructor(processes: number) {
    this.#processes = Array.from({ length: processes }, () => this.#start(`p${(this.#names += 1)}`));
    for (let partition = 0; partition < PARTITIONS; partition += 1) this.#assign(partition, partition % processes);
  }

  async run(step: Step): Promise<void> {
    switch (step.kind) {
      case 'append':
        return this.#append(step);
      case 'fetch': {
        const member = this.#at(step.process).members.get(step.partition);
        if (member !== undefined) this.#fetch(member, step.records);
        return;
      }
      case 'move':
        if (step.told) this.#end(this.#owner(step.partition));
        return this.#assign(step.partition, step.process);
      case 'pause':
        this.#at(step.process).gate ??= Promise.withResolvers();
        return;
      case 'wake':
        return wake(this.#at(step.process));
      case 'die':
        return this.#die(step.process, step.sameName);
      case 'lose':
        this.#at(step.process).losses = [...step.steps];
        return;
      case 'replay':
        return this.#replay.order(step.partition);
      case 'commit': {
        const { committable } = this.#owner(step.partition);
        if (committable !== undefined) this.#committed.set(step.partition, committable);
        return;
      }
      case 'compact':
        return this.brokers.compact(step.partition);
      case 'turns':
        for (let count = 0; count < step.turns; count += 1) await turn();
    }
  }

  /** All are well again, and hear what they have lost: what is on the input is counted by its owners. */
  async settle(): Promise<void> {
    for (const process of this.#processes) {
      process.losses = [];
      wake(process);
      for (const member of process.members.values()) {
        if (member !== this.#owners.get(member.partition)) this.#end(member);
      }
    }
    for (const [partition, member] of this.#owners) {
      await until(() => member.processor !== undefined);
      this.#fetch(member, Infinity);
      await until(() => this.faults.length > 0 || this.#replayed(partition) === this.#replay.endOf(partition));
      await member.processor?.idle();
      assert.deepEqual(this.faults, []);
      const end = this.brokers.offsets(INPUT, partition).highWatermark;
      // Who begins at a committed end has nothing to declare.
      assert.equal(member.committable ?? this.#committed.get(partition) ?? 0n, end);
    }
    for (const process of this.#processes) {
      for (const member of process.members.values()) this.#end(member);
      await Promise.all(process.ending.values());
      await process.changelog.close();
    }
  }

  assertCountedOnce(): void {
    assert.deepEqual(this.faults, []);
    const outputs = this.brokers.committed(OUTPUT, 0).map(({ record }) => record);
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      const expected = countedOnce(this.brokers.committed(INPUT, partition).map(({ record }) => record));
      const ofPartition = outputs.filter((record) => isOf(record, partition));
      assert.deepEqual(
        ofPartition.map(({ value }) => String(value)),
        expected.outputs,
      );
      const again = this.#replay.countedOnce(partition);
      const replayed = this.brokers.committed(REPLAYED, 0).filter(({ record }) => isOf(record, partition));
      assert.deepEqual(
        replayed.map(({ record: { value } }) => String(value)),
        again.outputs,
      );
      const states = this.brokers.committed(STATE, partition).map(({ record }) => record);
      assert.deepEqual(stateOf(states), new Map([...expected.state, ...again.state]));
    }
  }

  /** Follows the last record of the partition that was replayed for good. */
  #replayed(partition: number): bigint {
    const positions = this.brokers.committed(STATE, partition).flatMap(({ record: { key, value } }) => {
      return readReplayPosition(GROUP, String(key), value)?.value ?? [];
    });
    return BigInt(String(positions.at(-1) ?? 0));
  }

  /** Where a process has committed a batch under its claim, no one commits under an earlier claim any more. */
  assertOneOwnerAtATime(): void {
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      const claimedAt = new Map<string, bigint>();
      let last = { client: '', claim: -1n };
      for (const { record, client } of this.brokers.history(STATE, partition)) {
        if (readClaim(GROUP, record)?.kind === 'claim') claimedAt.set(client, record.offset);
        if (String(record.key) !== positionKey(GROUP)) continue;
        const claim = claimedAt.get(client) ?? -1n;
        const isAllowed = client === last.client ? claim >= last.claim : claim > last.claim;
        assert.ok(isAllowed, `${client} commits at ${record.offset} though ${last.client} has taken over`);
        last = { client, claim };
      }
    }
  }

  #start(name: string): CountingProcess {
    return startCountingProcess({
      brokers: this.brokers,
      groupId: GROUP,
      input: INPUT,
      name,
      // A process that follows another one under its name is another client.
      client: `${name}/${(this.#names += 1)}`,
      clock: this.#clock,
      committed: (partition) => this.#committed.get(partition),
    });
  }

  #assign(partition: number, index: number): void {
    const process = this.#at(index);
    const last = process.members.get(partition);
    if (last !== undefined) this.#end(last);
    const abort = new AbortController();
    const member: Member = {
      process,
      partition,
      abort,
      position: this.#committed.get(partition) ?? 0n,
      committable: undefined,
      processor: undefined,
    };
    process.members.set(partition, member);
    this.#owners.set(partition, member);
    const begin = (): void => {
      if (!abort.signal.aborted) member.processor = this.#process(member);
    };
    void (process.ending.get(partition) ?? Promise.resolve()).then(begin);
  }

  #process(member: Member): PartitionProcessor {
    const session: GroupSession = {
      topic: INPUT,
      partition: member.partition,
      topicId: undefined,
      epoch: 1,
      signal: member.abort.signal,
      storeOffset: (nextOffset) => {
        member.committable = nextOffset;
      },
      untilCommitted: () => Promise.reject(new Error('nobody sets the offset in this test')),
      pause: () => undefined,
      resume: () => undefined,
      fail: (fault) => void this.faults.push(fault),
    };
    return createStateProcessor({
      session,
      changelog: member.process.changelog,
      codec: countCodec,
      transform: countByKey(OUTPUT),
      replays: this.#replay,
      logger: silentLogger,
      maxBatchRecords: 3,
      maxBatchBytes: 10_000,
      maxBufferedRecords: 1_000,
      maxBufferedBytes: 1_000_000,
      quietMs: 1,
      retryBaseMs: 1,
      retryMaxMs: 1,
    });
  }

  #end(member: Member): void {
    const { process, partition, abort } = member;
    if (process.members.get(partition) === member) process.members.delete(partition);
    abort.abort(new Error('the session is over'));
    const before = process.ending.get(partition) ?? Promise.resolve();
    process.ending.set(
      partition,
      before.then(() => member.processor?.stop()),
    );
  }

  #die(index: number, sameName: boolean): void {
    const dead = this.#at(index);
    dead.gate ??= Promise.withResolvers();
    const name = sameName ? dead.name : `p${(this.#names += 1)}`;
    this.#processes[index % this.#processes.length] = this.#start(name);
    for (const [partition, member] of this.#owners) {
      if (member.process === dead) this.#assign(partition, index);
    }
  }

  #append({ partition, keys, skipped }: Extract<Step, { kind: 'append' }>): void {
    const records = keys.map((key, index) => {
      const value = Buffer.from(skipped ? SKIPPED : String(index));
      return { key: Buffer.from(`${partition}-${key}`), value, headers: {} };
    });
    this.brokers.append(INPUT, partition, records);
  }

  #fetch(member: Member, count: number): void {
    const records = this.brokers.committed(INPUT, member.partition).map(({ record }) => record);
    const fetched = records.filter(({ offset }) => offset >= member.position).slice(0, count);
    const last = fetched.at(-1);
    if (last === undefined || member.processor === undefined) return;
    member.position = last.offset + 1n;
    member.processor.enqueue(fetched, member.position);
  }

  #at(index: number): CountingProcess {
    const process = this.#processes[index % this.#processes.length];
    assert.ok(process !== undefined);
    return process;
  }

  #owner(partition: number): Member {
    const owner = this.#owners.get(partition);
    assert.ok(owner !== undefined);
    return owner;
  }
}

function isOf({ key }: ConsumedRecord, partition: number): boolean {
  return String(key).startsWith(`${partition}-`);
}

async function until(isDone: () => boolean): Promise<void> {
  while (!isDone()) await turn();
}
