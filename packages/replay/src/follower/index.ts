export { followReplays, type ReplayFollower, type ReplayFollowerOptions } from './replay-follower.ts';
