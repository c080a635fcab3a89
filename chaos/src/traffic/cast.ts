/**
 * Who appears in the traffic of one stream: each user, visitor and account is of one stream, so that its events have
 * one order.
 */
import type { Draw } from '@astrolabe/testkit';

export interface Cast {
  readonly userIds: readonly string[];
  readonly visitorIds: readonly string[];
  readonly accountIds: readonly string[];
}

/**
 * Ids that are hard to carry in a path, a key or a header. Every connector has them all: they are different users
 * there.
 */
const oddIds = [
  'a/b',
  '%2e',
  '%2F..',
  '😀',
  'Zoë Ångström',
  'q?x=1&y#z',
  '["acme","user","user-1"]',
  ' user-1',
  'USER-1',
];
const emailIds = ['ann@gmail.com', 'bob@umbrella.org'];

/** Users of a connector are dealt out to its streams in turn. */
export function castOf(stream: number, streams: number, users: number): Cast {
  const dealt = <T>(items: readonly T[]): T[] => items.filter((_, index) => index % streams === stream);
  const plain = Array.from({ length: users }, (_, index) => `user-${index}`);
  return {
    userIds: dealt([...oddIds, ...emailIds, ...plain]),
    visitorIds: dealt(Array.from({ length: Math.max(streams, users / 2) }, (_, index) => `visitor-${index}`)),
    accountIds: dealt(Array.from({ length: Math.max(3 * streams, users / 8) }, (_, index) => `account ${index}/x`)),
  };
}

/** A third of all events are about one user in twelve. */
export function drawUserId({ userIds }: Cast, draw: Draw): string {
  const hot = userIds.slice(0, Math.ceil(userIds.length / 12));
  return draw.oneOf(draw.chance(1 / 3) ? hot : userIds);
}
