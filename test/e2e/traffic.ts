/** Segment calls drawn from a seed: the same seed gives the same events, so a failure can be repeated. */
import type { JsonObject } from '@astrolabe/schemas';
import { createDraw } from '@astrolabe/testkit';

export interface GeneratedEvent {
  readonly type: 'identify' | 'group' | 'track';
  readonly messageId: string;
  readonly userId?: string;
  readonly anonymousId?: string;
  readonly groupId?: string;
  readonly event?: string;
  readonly traits?: JsonObject;
  readonly properties?: JsonObject;
  readonly context?: JsonObject;
  /**
   * ISO 8601. Different for every event, so that the newest value is never a matter of taste; not in the order of
   * sending.
   */
  readonly timestamp: string;
}

export interface TrafficOptions {
  readonly seed: number;
  readonly count: number;
  readonly users: number;
  readonly accounts: number;
}

const STEP_MS = 1_000;
const OLDEST_MS = Date.parse('2026-03-01T00:00:00.000Z');

export function generateTraffic({ seed, count, users, accounts }: TrafficOptions): GeneratedEvent[] {
  const { below, shuffled } = createDraw(seed);
  const times = shuffled(Array.from({ length: count }, (_, index) => OLDEST_MS + index * STEP_MS));
  return times.map((timeMs, index) => {
    const common = { messageId: `traffic-${String(seed)}-${String(index)}`, timestamp: new Date(timeMs).toISOString() };
    const userId = `user-${String(below(users))}`;
    const groupId = `account-${String(below(accounts))}`;
    switch (below(10)) {
      case 0:
      case 1:
      case 2:
        return { type: 'identify', ...common, userId, traits: drawProperties(below) };
      case 3:
        return { type: 'identify', ...common, userId, traits: drawProperties(below), context: { groupId } };
      case 4:
        return { type: 'group', ...common, groupId, traits: drawProperties(below) };
      case 5:
        return { type: 'group', ...common, groupId, userId, traits: drawProperties(below) };
      case 6:
        return {
          type: 'track',
          ...common,
          anonymousId: userId,
          event: 'Page Opened',
          properties: drawProperties(below),
        };
      case 7:
        return {
          type: 'track',
          ...common,
          userId,
          event: 'Plan Chosen',
          properties: drawProperties(below),
          context: { traits: { lastPlan: below(5) } },
        };
      default:
        return {
          type: 'track',
          ...common,
          userId,
          event: `Event ${String(below(8))}`,
          properties: drawProperties(below),
        };
    }
  });
}

const names = ['email', 'plan', 'employees', 'total billed', 'score', 'tags', 'address', 'vip'];

function drawProperties(below: (limit: number) => number): JsonObject {
  const properties: Record<string, JsonObject[string]> = {};
  for (let drawn = 1 + below(3); drawn > 0; drawn -= 1) {
    const name = names[below(names.length)] ?? 'plan';
    properties[name] = drawValue(name, below);
  }
  return properties;
}

function drawValue(name: string, below: (limit: number) => number): JsonObject[string] {
  switch (name) {
    case 'email':
      return `person${String(below(1_000))}@example.com`;
    case 'employees':
      return below(100_000);
    case 'total billed':
      return below(100_000) / 100;
    case 'score':
      return below(2) === 0 ? null : -below(1_000);
    case 'tags':
      return Array.from({ length: below(4) }, () => `tag-${String(below(20))}`);
    case 'address':
      return { city: `City ${String(below(50))}`, geo: { lat: below(90), lon: below(180) + 0.5 } };
    case 'vip':
      return below(2) === 0;
    default:
      return `plan-${String(below(10))}`;
  }
}
