/** The environment with which a stack is started beside the one that the runner names, also where that is somebody else's. */
export function ownStackEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { KAFKA_BROKERS: _kafka, SCHEMA_REGISTRY_URL: _registry, ASTROLABE_STACK: kind, ...own } = env;
  return kind === undefined || kind === 'external' ? own : { ...own, ASTROLABE_STACK: kind };
}
