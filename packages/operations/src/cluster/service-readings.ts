/** What the two services read, and as which consumer groups. */
import type { Topics } from '@astrolabe/records';

/** Names of the services' consumer groups, prefix included. */
export interface ServiceGroups {
  readonly mapper: string;
  readonly dispatcher: string;
}

/** A service and what it reads. */
export interface Reading {
  readonly service: string;
  readonly groupId: string;
  readonly topic: string;
  /** Where it keeps its positions; undefined where that is beside its commits. */
  readonly changelogTopic?: string;
}

export function readingsOf(topics: Topics, groups: ServiceGroups): readonly [mapper: Reading, dispatcher: Reading] {
  return [
    {
      service: 'mapper',
      groupId: groups.mapper,
      topic: topics.segmentEvents.name,
      changelogTopic: topics.mapperState.name,
    },
    { service: 'dispatcher', groupId: groups.dispatcher, topic: topics.commands.name },
  ];
}
