import { findCacheFault } from '../stack/cache-folder.ts';
import { downloadsDirectory, findDownloads, fetchDownloads } from './jvm-downloads.ts';
import type { JvmDownloads } from './jvm-downloads.ts';
import { findJava, findMaven } from './java-runtime.ts';
import type { JavaRuntime } from './java-runtime.ts';
import type { OnProgress } from '../stack/stack-progress.ts';
import { MINIMUM_JAVA_VERSION } from '../stack/versions.ts';

export interface UsableJvm {
  readonly kind: 'usable';
  readonly java: string;
  readonly javaVersion: string;
  /** For the line that says why this way was taken. */
  readonly summary: string;
  /** From the cache, or fetched. */
  provideDownloads(onProgress: OnProgress): Promise<JvmDownloads>;
}

export type JvmInstallation =
  | UsableJvm
  /** With everything that is missing, not only the first of it. */
  | { readonly kind: 'unusable'; readonly reason: string };

/** Kafka's jars and the registry, and Maven's copy of them until it is removed. */
const DOWNLOAD_BYTES = 600_000_000;

/**
 * Looks for what the JVM way needs: Java, and either the downloads or the Maven that fetches them, and room for them.
 */
export async function findJvmInstallation(env: NodeJS.ProcessEnv): Promise<JvmInstallation> {
  const java = await findJava(env);
  const downloads = await findDownloads(env);
  const maven = downloads === undefined ? await findMaven(env) : undefined;
  const lacks = [whatLacksOf(java)];
  if (downloads === undefined) {
    if (maven === undefined) lacks.push('no mvn on PATH, which the first start needs to fetch Kafka');
    lacks.push(await findCacheFault(env, DOWNLOAD_BYTES));
  }
  const reasons = lacks.filter((lack) => lack !== undefined);
  if (java.kind === 'missing' || reasons.length > 0) return { kind: 'unusable', reason: reasons.join('; ') };

  const runtime = `Java ${java.version} at ${java.command}`;
  if (downloads !== undefined) {
    return {
      kind: 'usable',
      java: java.command,
      javaVersion: java.version,
      summary: `${runtime}, downloads in ${await downloadsDirectory(env)}`,
      provideDownloads: () => Promise.resolve(downloads),
    };
  }
  return {
    kind: 'usable',
    java: java.command,
    javaVersion: java.version,
    summary: `${runtime}, downloads by ${maven} into ${await downloadsDirectory(env)}`,
    provideDownloads: (onProgress) => fetchDownloads({ env, maven: maven ?? 'mvn', onProgress }),
  };
}

function whatLacksOf(java: JavaRuntime): string | undefined {
  if (java.kind === 'missing') return java.reason;
  if (java.major >= MINIMUM_JAVA_VERSION) return undefined;
  return `${java.command} is Java ${java.version}, older than ${MINIMUM_JAVA_VERSION}`;
}
