import type { Logger } from '@astrolabe/service-kit';

/** Variables that other programs take as the way to their proxy, and that the dispatcher does not use. */
const PROXY_VARIABLES = ['HTTPS_PROXY', 'HTTP_PROXY', 'https_proxy', 'http_proxy'];

/** Calls go straight to the API: an operator who relies on a proxy would look for the fault elsewhere. */
export function warnOfProxy(env: Readonly<Record<string, string | undefined>>, logger: Logger): void {
  // Names only: a value may hold a password.
  const variables = PROXY_VARIABLES.filter((name) => Boolean(env[name]));
  if (variables.length === 0) return;
  logger.warn(
    { variables },
    'proxy variables are set but not used: the API is called directly; point DISPATCHER_API_URL at a gateway if it must not be',
  );
}
