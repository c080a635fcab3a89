/**
 * The ledger against a list of facts, through crashes that tear files, restarts, moves, outages, retention and other
 * owners.
 */
import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { decodeChunk, encodeChunk } from './chunk/chunk-codec.ts';
import type { Delivery } from './delivery.ts';
import { createInMemoryChangelog } from './changelog/in-memory-changelog.ts';
import type { PartitionLedger } from './partition-ledger.ts';
import { commandIdOf, delivery } from './testing/deliveries.ts';
import { PARTITION, WINDOW_MS, createTestClock, openLedger, temporaryDirectory } from './testing/open-ledger.ts';

const COMMANDS = 12;
const command = fc.nat({ max: COMMANDS - 1 });
const outcome = fc.constantFrom('delivered', 'duplicate', 'dead-lettered');

const action = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('record'), command, outcome }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('settle') }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('advance'), ms: fc.integer({ min: 1, max: WINDOW_MS }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('expire') }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('restart') }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('crash'),
      keep: fc.double({ min: 0, max: 1, noNaN: true }),
      tear: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('move') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('zombie'), command, outcome }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('retention') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('recreate') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('outage'), stored: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('recovery') }) },
);
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

const unavailable = new PipelineError('kafka.unavailable', 'no broker', { retryable: true });

class Harness {
  readonly #root = temporaryDirectory();
  readonly #clock = createTestClock();
  readonly #changelog = createInMemoryChangelog(() => this.#clock.nowMs());
  /** What the present owner must know: what it recorded, and what was on the changelog when it was restored. */
  #certain: Delivery[] = [];
  /** What may be known: everything that ever happened since the topic was created. */
  #possible: Delivery[] = [];
  #pending: Promise<unknown>[] = [];
  #offset = 0n;
  #folders = 0;
  #home = this.#newFolder();
  #away = this.#newFolder();
  #ledger: PartitionLedger | undefined;
  readonly #copyAfterBytes: number;

  constructor(copyAfterBytes: number) {
    this.#copyAfterBytes = copyAfterBytes;
  }

  async run(actions: readonly Action[]): Promise<void> {
    try {
      await this.#open(this.#home);
      for (const step of actions) {
        await this.#do(step);
        this.#check();
      }
      await this.#recover();
      await this.#closeCleanly();
      await this.#open(this.#home);
      this.#check();
      await this.#closeCleanly();
    } finally {
      await this.#ledger?.close(AbortSignal.abort());
      this.#root.remove();
    }
  }

  async #do(step: Action): Promise<void> {
    switch (step.kind) {
      case 'record': {
        const fact = this.#fact(step.command, step.outcome);
        this.#certain.push(fact);
        this.#pending.push(this.#current().record(fact));
        return;
      }
      case 'settle':
        await this.#recover();
        return;
      case 'advance':
        this.#clock.advance(step.ms);
        return;
      case 'expire':
        return this.#current().expire();
      case 'restart':
        await this.#recover();
        await this.#closeCleanly();
        return this.#open(this.#home);
      case 'crash':
        return this.#crash(step.keep, step.tear);
      case 'move':
        await this.#recover();
        await this.#closeCleanly();
        [this.#home, this.#away] = [this.#away, this.#home];
        return this.#open(this.#home);
      case 'zombie':
        this.#changelog.failWith(undefined);
        await this.#changelog.append(PARTITION, encodeChunk([this.#fact(step.command, step.outcome)]));
        return;
      case 'retention': {
        const kept = this.#changelog
          .chunks(PARTITION)
          .find(({ bytes }) => decodeChunk(bytes).newestAtMs > this.#clock.nowMs() - WINDOW_MS);
        if (kept !== undefined) this.#changelog.trim(PARTITION, kept.offset);
        return;
      }
      case 'recreate':
        await this.#recover();
        await this.#closeCleanly();
        this.#changelog.recreate();
        this.#possible = [];
        return this.#open(this.#home);
      case 'outage':
        this.#changelog.failWith(unavailable, { stored: step.stored });
        return;
      case 'recovery':
        this.#changelog.failWith(undefined);
    }
  }

  /** The process ends at once; of what it wrote last, a part may not have reached the disk, or only as garbage. */
  async #crash(keep: number, tear: boolean): Promise<void> {
    const left = this.#newFolder();
    if (existsSync(this.#home)) cpSync(this.#home, left, { recursive: true });
    await this.#current().close(AbortSignal.abort(new Error('killed')));
    await Promise.allSettled(this.#pending);
    this.#pending = [];
    this.#changelog.failWith(undefined);
    const last = readdirSync(left)
      .filter((name) => name.endsWith('.segment'))
      .sort()
      .at(-1);
    if (last !== undefined) {
      const path = join(left, last);
      const { size } = statSync(path);
      const kept = Math.floor(size * keep);
      truncateSync(path, kept);
      // A file system may have grown the file before it wrote the bytes.
      if (tear) truncateSync(path, size);
    }
    rmSync(this.#home, { recursive: true, force: true });
    this.#home = left;
    await this.#open(left);
  }

  #check(): void {
    const afterMs = this.#clock.nowMs() - WINDOW_MS;
    const isAlive = ({ atMs }: Delivery): boolean => atMs > afterMs;
    for (let index = 0; index < COMMANDS; index += 1) {
      const commandId = commandIdOf(index);
      const isOf = (fact: Delivery): boolean => fact.commandId === commandId;
      const found = this.#current().lookup(commandId);
      if (found === undefined) {
        assert.deepEqual(this.#certain.filter(isOf).filter(isAlive), [], 'a delivery is forgotten');
        continue;
      }
      const facts = this.#possible.filter(isOf).filter(isAlive);
      assert.ok(
        facts.some((fact) => fact.offset === found.offset),
        'a delivery is known that never was',
      );
      assert.deepEqual(
        found,
        facts.find((fact) => fact.offset === found.offset),
      );
    }
    assert.equal(this.#current().lookup(commandIdOf('never recorded')), undefined);
  }

  #fact(index: number, ended: Delivery['outcome']): Delivery {
    this.#offset += 1n;
    const fact = delivery(index, { outcome: ended, offset: this.#offset, atMs: this.#clock.nowMs() });
    this.#possible.push(fact);
    return fact;
  }

  async #recover(): Promise<void> {
    this.#changelog.failWith(undefined);
    await Promise.all(this.#pending);
    this.#pending = [];
  }

  async #open(directory: string): Promise<void> {
    const { chunks } = this.#changelog;
    this.#certain = chunks(PARTITION).flatMap(({ bytes }) => decodeChunk(bytes).deliveries());
    const options = { directory, changelog: this.#changelog, clock: this.#clock, copyAfterBytes: this.#copyAfterBytes };
    this.#ledger = await openLedger(options);
  }

  async #closeCleanly(): Promise<void> {
    await this.#current().close();
    this.#ledger = undefined;
  }

  #current(): PartitionLedger {
    assert.ok(this.#ledger !== undefined);
    return this.#ledger;
  }

  #newFolder(): string {
    this.#folders += 1;
    return join(this.#root.path, String(this.#folders));
  }
}

test('what was recorded within the window is known to every later owner, and nothing else is', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(action, { maxLength: 50, size: 'max' }),
      fc.constantFrom(1, 200, 65_536),
      (actions, copyAfterBytes) => new Harness(copyAfterBytes).run(actions),
    ),
    { numRuns: 30 },
  );
});
