import { existsSync } from 'node:fs';
import { request } from 'node:http';
import type { RequestOptions } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { acceptsConnection } from '../stack/readiness.ts';

export type DockerEngine =
  { readonly kind: 'reachable'; readonly endpoint: string } | { readonly kind: 'unreachable'; readonly reason: string };

const PING_TIMEOUT_MS = 1_500;

/**
 * Asks the engine itself, since a `docker` command or a left-over socket file says little. It looks where
 * testcontainers will: `DOCKER_HOST`, then the well-known sockets.
 */
export async function findDockerEngine(env: NodeJS.ProcessEnv): Promise<DockerEngine> {
  const sockets = socketPaths(env)
    .filter((path) => existsSync(path))
    .map((path) => `unix://${path}`);
  const endpoints = env.DOCKER_HOST ? [env.DOCKER_HOST, ...sockets] : sockets;
  if (endpoints.length === 0) return { kind: 'unreachable', reason: 'no Docker engine' };

  const reasons: string[] = [];
  for (const endpoint of endpoints) {
    try {
      await pingDockerEngine(endpoint, env);
      return { kind: 'reachable', endpoint };
    } catch (error) {
      reasons.push(`${endpoint} (${error instanceof Error ? error.message : String(error)})`);
    }
  }
  return { kind: 'unreachable', reason: `no Docker engine answers at ${reasons.join(', ')}` };
}

function socketPaths(env: NodeJS.ProcessEnv): string[] {
  const home = env.HOME || homedir();
  const runtimeDirectories = [env.XDG_RUNTIME_DIR, `/run/user/${process.getuid?.()}`];
  return [
    '/var/run/docker.sock',
    ...runtimeDirectories.filter((path) => path !== undefined).map((path) => join(path, 'docker.sock')),
    join(home, '.docker', 'run', 'docker.sock'),
    join(home, '.docker', 'desktop', 'docker.sock'),
  ];
}

/** Rejects unless an engine answers at `endpoint`, in the form of `DOCKER_HOST`. */
export async function pingDockerEngine(
  endpoint: string,
  env: NodeJS.ProcessEnv,
  { timeoutMs = PING_TIMEOUT_MS }: { readonly timeoutMs?: number } = {},
): Promise<void> {
  const url = new URL(endpoint);
  if (url.protocol === 'unix:') {
    await get({ socketPath: url.pathname, path: '/_ping' }, timeoutMs);
  } else if (env.DOCKER_TLS_VERIFY === '1' || url.protocol === 'https:') {
    // The certificates are testcontainers' business; here it is enough that somebody listens.
    await acceptsConnection(`${url.hostname}:${url.port || '2376'}`);
  } else {
    await get({ host: url.hostname, port: url.port || '2375', path: '/_ping' }, timeoutMs);
  }
}

async function get(options: RequestOptions, timeoutMs: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const call = request({ ...options, signal: AbortSignal.timeout(timeoutMs) }, (response) => {
      response.resume();
      if (response.statusCode === 200) resolve();
      else reject(new Error(`status ${response.statusCode}`));
    });
    call.on('error', (error) => {
      reject(error.name === 'AbortError' ? new Error(`no answer within ${timeoutMs} ms`) : error);
    });
    call.end();
  });
}
