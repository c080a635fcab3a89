/** Whether this machine can run what is to be started, asked before anything is started or downloaded. */
import { PipelineError } from '@astrolabe/service-kit/errors';
import { findDockerEngine } from '../containers/docker-engine.ts';

import { findJvmInstallation } from '../jvm/jvm-installation.ts';

import { readStackSettings } from './stack-settings.ts';
import type { StackKind } from './stack-settings.ts';
import { MINIMUM_JAVA_VERSION } from '../stack/versions.ts';

const JAVA_AND_MAVEN =
  `install Java ${MINIMUM_JAVA_VERSION} or newer and Maven (Debian 12 and Ubuntu: apt-get install ` +
  'openjdk-17-jre-headless maven; Debian 13: apt-get install openjdk-21-jre-headless maven; ' +
  'macOS: brew install openjdk@17 maven)';

/** Rejects where `startLocalStack` would: with `config.invalid`, or with `stack.unavailable` and what to install. */
export async function assertStackPossible(env: NodeJS.ProcessEnv): Promise<void> {
  const { forced, external } = readStackSettings(env);
  if (external !== undefined && (forced ?? 'external') === 'external') return;
  const refusals: string[] = [];
  if (forced !== 'jvm') {
    const engine = await findDockerEngine(env);
    if (engine.kind === 'reachable') return;
    refusals.push(engine.reason);
  }
  if (forced !== 'containers') {
    const installation = await findJvmInstallation(env);
    if (installation.kind === 'usable') return;
    refusals.push(installation.reason);
  }
  throw stackUnavailable(forced, refusals);
}

/**
 * Rejects with `stack.unavailable` where `startLocalCluster` would: several brokers are processes of this machine, with
 * Docker too.
 */
export async function assertClusterPossible(env: NodeJS.ProcessEnv): Promise<void> {
  const installation = await findJvmInstallation(env);
  if (installation.kind === 'unusable') throw clusterUnavailable(installation.reason);
}

/** `refusals`: why each way that may be taken cannot. */
export function stackUnavailable(forced: StackKind | undefined, refusals: readonly string[]): PipelineError {
  const remedies = {
    containers: 'start Docker',
    jvm: JAVA_AND_MAVEN,
    external: 'set KAFKA_BROKERS and SCHEMA_REGISTRY_URL',
  };
  const what = forced === undefined ? 'there is nothing to run' : `ASTROLABE_STACK=${forced} asks for what cannot run`;
  const remedy =
    forced === undefined
      ? `Do one of these: ${remedies.containers}; ${remedies.jvm}; ${remedies.external} to those of a running stack.`
      : `To go on, ${remedies[forced]}, or unset ASTROLABE_STACK.`;
  return unavailable(`${what} Kafka and the schema registry: ${refusals.join('; ')}. ${remedy}`);
}

export function clusterUnavailable(reason: string): PipelineError {
  return unavailable(
    `a cluster of several brokers runs as processes of this machine, with Docker too, and cannot: ${reason}. To go on, ${JAVA_AND_MAVEN}.`,
  );
}

function unavailable(message: string): PipelineError {
  return new PipelineError('stack.unavailable', message, { retryable: false });
}
