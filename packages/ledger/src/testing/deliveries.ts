/** Deliveries for tests. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type { Delivery } from '../delivery.ts';

/** An id as the mapper makes them. */
export function commandIdOf(name: string | number): string {
  return createHash('sha256').update(String(name)).digest('hex').slice(0, 32);
}

export function delivery(name: string | number, fields: Partial<Delivery> = {}): Delivery {
  return {
    commandId: commandIdOf(name),
    connectorId: 'acme',
    outcome: 'delivered',
    status: 200,
    offset: 0n,
    atMs: 0,
    ...fields,
  };
}

export const anyDelivery: fc.Arbitrary<Delivery> = fc.record(
  {
    commandId: fc.stringMatching(/^[0-9a-f]{32}$/),
    connectorId: fc.oneof(fc.constantFrom('acme', 'globex'), fc.string({ unit: 'grapheme', maxLength: 40 })),
    outcome: fc.constantFrom('delivered', 'duplicate', 'dead-lettered'),
    status: fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }),
    offset: fc.oneof(fc.bigInt({ min: 0n, max: 2_000n }), fc.bigInt({ min: 0n, max: 2n ** 48n - 1n })),
    atMs: fc.oneof(fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 0, max: 2 ** 48 - 1 })),
  },
  { noNullPrototype: true },
);
