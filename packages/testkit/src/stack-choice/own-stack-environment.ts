/** Set for the stack of one test. */
const SHORT_LIVED = 'ASTROLABE_STACK_SHORT_LIVED';

/**
 * The environment with which a test starts a stack beside the one that the runner names, also where that is somebody
 * else's: a broker that it may stop, kill and freeze.
 */
export function ownStackEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { KAFKA_BROKERS: _kafka, SCHEMA_REGISTRY_URL: _registry, ASTROLABE_STACK: kind, ...own } = env;
  const shortLived = { ...own, [SHORT_LIVED]: 'true' };
  return kind === undefined || kind === 'external' ? shortLived : { ...shortLived, ASTROLABE_STACK: kind };
}

export function isShortLived(env: NodeJS.ProcessEnv): boolean {
  return env[SHORT_LIVED] === 'true';
}
