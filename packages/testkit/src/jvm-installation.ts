import { downloadsDirectory, findDownloads, fetchDownloads } from './jvm-downloads.ts';
import type { JvmDownloads } from './jvm-downloads.ts';
import { findJava, findMaven } from './java-runtime.ts';
import type { OnProgress } from './stack-progress.ts';
import { MINIMUM_JAVA_VERSION } from './versions.ts';

export type JvmInstallation =
  | {
      readonly kind: 'usable';
      readonly java: string;
      /** For the line that says why this way was taken. */
      readonly summary: string;
      /** From the cache, or fetched. */
      provideDownloads(onProgress: OnProgress): Promise<JvmDownloads>;
    }
  | { readonly kind: 'unusable'; readonly reason: string };

/** Looks for what the JVM way needs: Java, and either the downloads or the Maven that fetches them. */
export async function findJvmInstallation(env: NodeJS.ProcessEnv): Promise<JvmInstallation> {
  const java = await findJava(env);
  if (java.kind === 'missing') return { kind: 'unusable', reason: java.reason };
  if (java.major < MINIMUM_JAVA_VERSION) {
    return { kind: 'unusable', reason: `${java.command} is Java ${java.version}, older than ${MINIMUM_JAVA_VERSION}` };
  }
  const runtime = `Java ${java.version} at ${java.command}`;

  const downloads = await findDownloads(env);
  if (downloads !== undefined) {
    return {
      kind: 'usable',
      java: java.command,
      summary: `${runtime}, downloads in ${await downloadsDirectory(env)}`,
      provideDownloads: () => Promise.resolve(downloads),
    };
  }
  const maven = await findMaven(env);
  if (maven === undefined)
    return { kind: 'unusable', reason: 'no mvn on PATH, which the first start needs to fetch Kafka' };
  return {
    kind: 'usable',
    java: java.command,
    summary: `${runtime}, downloads by ${maven} into ${await downloadsDirectory(env)}`,
    provideDownloads: (onProgress) => fetchDownloads({ env, maven, onProgress }),
  };
}
