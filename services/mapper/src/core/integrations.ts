import type { SegmentEvent } from '@astrolabe/segment';

/** Name of this destination in Segment's integrations object; case-sensitive there, and so here. */
export const integrationName = 'Astrolabe';

/**
 * Whether the sender wants the event delivered here: its own entry decides, else `All`, else yes. An options object
 * counts as true. https://segment.com/docs/guides/filtering-data/#integrations-object
 */
export function isDestinedForAstrolabe({ integrations }: Pick<SegmentEvent, 'integrations'>): boolean {
  const own = Object.hasOwn(integrations, integrationName) ? integrations[integrationName] : undefined;
  if (own !== undefined && own !== null) return own !== false;
  return !Object.hasOwn(integrations, 'All') || integrations['All'] !== false;
}
