/**
 * Any history of one user against a model that keeps all of it and looks it up, sharing nothing with what is tested.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mapEvent } from './map-event.ts';
import { eventOf } from '../testing/events.ts';
import { rulesOfUnknownConnector } from './mapping-rules.ts';
import type { UserState } from './user-state.ts';

/** A record as it was first received: `ingest` says whose clock stamped it. */
interface Received {
  readonly type: 'delete' | 'unsuppress' | 'identify';
  readonly messageId: string;
  readonly receivedAtMs: number;
}

/** `index` of what is repeated is taken modulo the number of records so far. */
type Step =
  | { readonly kind: 'received'; readonly type: Received['type']; readonly gapMs: number; readonly ingest: number }
  | { readonly kind: 'retried'; readonly index: number; readonly gapMs: number; readonly ingest: number }
  | { readonly kind: 'replayed'; readonly index: number };

const START_MS = Date.UTC(2026, 0, 1);
/** Ten minutes apart. */
const SKEWS_MS = [0, 600_000] as const;

const clock = { gapMs: fc.integer({ min: 0, max: 400_000 }), ingest: fc.constantFrom(0, 1) };
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('received' as const),
      type: fc.constantFrom<Received['type']>('delete', 'unsuppress', 'identify'),
      ...clock,
    }),
  },
  fc.record({ kind: fc.constant('retried' as const), index: fc.nat(), ...clock }),
  fc.record({ kind: fc.constant('replayed' as const), index: fc.nat() }),
);

/** Who was told what, in order of arrival; the end of the list decides. */
class Model {
  readonly #seen = new Set<string>();
  #isSuppressed = false;
  /** How many records had come when the last lift that lifted something came. */
  #liftedAfter = 0;
  #received = 0;

  receive({ type, messageId }: Received): { readonly isLetIn: boolean; readonly place: number } {
    this.#received += 1;
    const isNew = !this.#seen.has(`${type}:${messageId}`);
    if (isNew && type === 'delete') this.#isSuppressed = true;
    if (isNew && type === 'unsuppress' && this.#isSuppressed) {
      this.#isSuppressed = false;
      this.#liftedAfter = this.#received;
    }
    this.#seen.add(`${type}:${messageId}`);
    return { isLetIn: !this.#isSuppressed, place: this.#received };
  }

  /** Whether a replay of the record that came at that place may be let in. */
  mayReplay(place: number): boolean {
    return !this.#isSuppressed && place > this.#liftedAfter;
  }
}

test('with clocks ten minutes apart, retries and replays: order decides, each counts once, and a deletion deletes everything before it', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 24 }), (steps) => {
      const model = new Model();
      const records: (Received & { readonly place: number })[] = [];
      let state: UserState | undefined;
      let clockMs = 0;
      let nowMs = START_MS;
      let highestMs = 0;
      const map = (record: Received, isReplay: boolean) => {
        const { type, messageId, receivedAtMs } = record;
        const arrival = isReplay ? 'repeated' : 'live';
        const receipt = { arrival, atMs: receivedAtMs } as const;
        const facts = { connectorId: 'acme', messageId, receivedAtMs, receipt, writtenAtMs: nowMs };
        const mapped = mapEvent(
          eventOf({ type, userId: 'u', messageId }),
          facts,
          rulesOfUnknownConnector,
          state,
          clockMs,
        );
        state = mapped.nextUserState;
        if (!isReplay) clockMs = Math.max(clockMs, receivedAtMs);
        const { mapping } = mapped;
        const occurredAtMs = mapping.kind === 'commands' ? mapping.commands[0]?.record.occurredAt : undefined;
        if (occurredAtMs !== undefined) clockMs = Math.max(clockMs, occurredAtMs);
        return { mapping, occurredAtMs };
      };
      for (const each of steps) {
        if (each.kind === 'replayed') {
          const record = records[each.index % Math.max(1, records.length)];
          if (record === undefined) continue;
          const { mapping } = map(record, true);
          // A replay may leave out what came within the difference of the clocks; it must never let in what came before
          // the lift.
          if (record.type === 'identify' && mapping.kind === 'commands') assert.ok(model.mayReplay(record.place));
          continue;
        }
        nowMs += each.gapMs;
        const earlier = each.kind === 'retried' ? records[each.index % Math.max(1, records.length)] : undefined;
        const type = each.kind === 'received' ? each.type : (earlier?.type ?? 'identify');
        const messageId = earlier?.messageId ?? `m-${records.length}`;
        const received = { type, messageId, receivedAtMs: nowMs + (SKEWS_MS[each.ingest] ?? 0) };
        const isFirst = !records.some((record) => record.type === type && record.messageId === messageId);
        const { isLetIn, place } = model.receive(received);
        const { mapping, occurredAtMs = 0 } = map(received, false);
        records.push({ ...received, place });
        if (type === 'identify') {
          assert.equal(mapping.kind === 'commands', isLetIn, JSON.stringify(mapping));
          // What the API would count among the deleted.
          if (isLetIn) assert.ok(occurredAtMs > (state?.suppressed?.atMs ?? 0));
          highestMs = Math.max(highestMs, occurredAtMs);
        }
        if (type === 'delete' && isFirst) assert.ok(occurredAtMs >= highestMs);
      }
    }),
    { numRuns: 2_000 },
  );
});
