export { createInMemoryFollower, type InMemoryFollower } from './in-memory-follower.ts';
export { dispatcherProgress, mapperProgress, replayOrder, replayView } from './orders.ts';
