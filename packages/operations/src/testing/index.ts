/** For the fast tests of who builds on the operations. */
export { createInMemoryCluster, type InMemoryCluster } from './in-memory-cluster.ts';
export { createSteppingClock } from './stepping-clock.ts';
