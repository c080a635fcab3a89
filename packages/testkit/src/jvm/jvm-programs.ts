/** Kafka and the registry as this machine's Java runs them. */
import type { ClassArchives } from './jvm-class-archives.ts';
import type { JvmDownloads } from './jvm-downloads.ts';

export interface JvmPrograms extends JvmDownloads, ClassArchives {
  /** Path of `java`. */
  readonly java: string;
}
