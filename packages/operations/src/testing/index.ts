/** For the fast tests of who builds on the operations. */
export { createInMemoryCluster, type InMemoryCluster } from './in-memory-cluster.ts';
export { clusterWithDeadLetters, createTurningClock, sentBack } from './job-cluster.ts';
export { createSteppingClock } from './stepping-clock.ts';
