/** The frame of a program that shows something on a pipeline of its own. */
import { startPipeline, type DataFolder, type Pipeline } from '@astrolabe/local-pipeline';
import { unlessAborted } from '@astrolabe/service-kit/retry';
import { uniqueName } from '@astrolabe/testkit';
import type { Screen } from './screen/screen.ts';
import { withAdmin } from './topic-records.ts';

/** One of the pipeline's processes ended by itself. */
export class ProcessEndedError extends Error {}

export interface WithPipelineOptions {
  /** Begins the names of topics on a cluster that belongs to somebody else. */
  readonly name: string;
  readonly folder: DataFolder;
  readonly screen: Screen;
  /** Somebody wants the program to end. */
  readonly signal: AbortSignal;
  readonly withConsole: boolean;
  /** As `startPipeline` has it. */
  readonly acceptsNewKeys?: boolean;
  /** Configuration of the dispatcher beyond what the pipeline itself sets. */
  readonly dispatcher: Readonly<Record<string, string>>;
}

/**
 * Starts a pipeline, does the work and stops the pipeline, whatever came of the work. `ended` rejects with a
 * `ProcessEndedError` when a process ends by itself.
 *
 * Rejects with the first failure once all of it has been stopped. What fails because of `signal` rejects at once: the
 * program exits then, and nothing outlives it.
 */
export async function withPipeline(
  { name, folder, screen, signal, withConsole, acceptsNewKeys = false, dispatcher }: WithPipelineOptions,
  work: (pipeline: Pipeline, ended: Promise<never>) => Promise<void>,
): Promise<void> {
  const ended = Promise.withResolvers<never>();
  ended.promise.catch(() => undefined);
  // On a cluster that belongs to somebody else it keeps to topics of its own, and takes them away at the end.
  const ownPrefix = process.env.KAFKA_BROKERS ? `${uniqueName(name)}.` : undefined;
  const pipeline = await unlessAborted(
    startPipeline({
      folder,
      env: process.env,
      topicPrefix: ownPrefix ?? '',
      variables: { dispatcher },
      withConsole,
      acceptsNewKeys,
      onProgress: (progress) => screen.progress(progress),
      onUnexpectedEnd: (what) => ended.reject(new ProcessEndedError(what)),
      signal,
    }),
    signal,
  );
  const failures: unknown[] = [];
  try {
    await work(pipeline, ended.promise);
    if (ownPrefix !== undefined) {
      const names = Object.values(pipeline.topics).map((topic) => topic.name);
      await withAdmin(pipeline.kafka, (admin) => admin.deleteTopics(names));
    }
  } catch (error) {
    if (signal.aborted) throw error;
    failures.push(error);
  }
  const stopped = screen.waiting('stopping');
  try {
    await pipeline.close();
  } catch (error) {
    failures.push(error);
  } finally {
    stopped();
  }
  if (failures.length > 0) throw failures[0];
}
