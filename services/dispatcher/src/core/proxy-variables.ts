/** Variables that other programs take as the way to their proxy, and that the dispatcher does not use. Pure. */

const PROXY_VARIABLES = ['HTTPS_PROXY', 'HTTP_PROXY', 'https_proxy', 'http_proxy'];

/** Names of those that are set: a value may hold a password. */
export function unusedProxyVariables(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  return PROXY_VARIABLES.filter((name) => Boolean(env[name]));
}
