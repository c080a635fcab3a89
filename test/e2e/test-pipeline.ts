import type { TestContext } from 'node:test';
import {
  openDataFolder,
  startPipeline,
  type DataFolder,
  type Pipeline,
  type PipelineOptions,
} from '@astrolabe/local-pipeline';
import { uniqueName } from '@astrolabe/testkit';

/**
 * The whole pipeline on topics of its own. Ends with the test: first its processes, then the folder that they write to.
 */
export async function startTestPipeline(
  t: TestContext,
  name: string,
  dispatcher: Readonly<Record<string, string>>,
  /** Of other services, and of what is in the folder. */
  variablesIn: (folder: DataFolder) => NonNullable<PipelineOptions['variables']> = () => ({}),
  /** Decides about the stack. */
  env: NodeJS.ProcessEnv = process.env,
): Promise<Pipeline> {
  const folder = await openDataFolder(undefined);
  const starting = startPipeline({
    folder,
    env,
    topicPrefix: `${uniqueName(name)}.`,
    variables: { dispatcher, ...variablesIn(folder) },
  });
  t.after(async () => {
    // A start that failed has left nothing running, and is the test's own failure.
    const pipeline = await starting.catch(() => undefined);
    await pipeline?.close();
    folder.remove();
  });
  return starting;
}
