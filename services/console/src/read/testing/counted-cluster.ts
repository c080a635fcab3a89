/** A cluster in memory that counts what it is asked, so that a test can tell whether tabs share their reads. */
import type { Cluster } from '@astrolabe/operations';
import { createInMemoryCluster, type InMemoryCluster } from '@astrolabe/operations/testing';
import type { ClusterSource } from '../sources/cluster-source.ts';

export interface CountedCluster {
  readonly cluster: InMemoryCluster;
  readonly clusters: ClusterSource;
  /** How often each question was asked: `read segment.events.v1`. */
  readonly asked: Map<string, number>;
  /** Questions fail with this until it is undefined again. */
  failWith(error: Error | undefined): void;
}

export function createCountedCluster(options: Parameters<typeof createInMemoryCluster>[0] = {}): CountedCluster {
  const cluster = createInMemoryCluster(options);
  const asked = new Map<string, number>();
  let failure: Error | undefined;
  const count = (question: string): void => {
    asked.set(question, (asked.get(question) ?? 0) + 1);
    if (failure !== undefined) throw failure;
  };
  const { admin, reader } = cluster;
  const counted: Cluster = {
    ...cluster,
    reader: {
      read: async (range) => {
        count(`read ${range.topic}`);
        return reader.read(range);
      },
      offsets: async (topic, partition) => {
        count(`offsets ${topic}`);
        return reader.offsets(topic, partition);
      },
    },
    admin: {
      ...admin,
      watermarks: async (topic) => {
        count(`watermarks ${topic}`);
        return admin.watermarks(topic);
      },
      commits: async (group, topic) => {
        count(`commits ${topic}`);
        return admin.commits(group, topic);
      },
      planTopics: async (declared, replicationFactor) => {
        count('planTopics');
        return admin.planTopics(declared, replicationFactor);
      },
    },
  };
  return {
    cluster,
    asked,
    failWith: (error) => {
      failure = error;
    },
    clusters: {
      get: async () => {
        if (failure !== undefined) throw failure;
        return counted;
      },
      close: async () => undefined,
    },
  };
}
