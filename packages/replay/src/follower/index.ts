export { followReplays, type ReplayFollowerOptions } from './replay-follower.ts';
