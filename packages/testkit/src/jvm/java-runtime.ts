import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

export type JavaRuntime =
  | { readonly kind: 'found'; readonly command: string; readonly version: string; readonly major: number }
  | { readonly kind: 'missing'; readonly reason: string };

/** To find a program that hangs: a busy machine takes its time to start a JVM. */
const VERSION_TIMEOUT_MS = 60_000;

/** The Java of `JAVA_HOME`, else the first on `PATH`. */
export async function findJava(env: NodeJS.ProcessEnv): Promise<JavaRuntime> {
  const home = env.JAVA_HOME;
  const command =
    home !== undefined && home !== '' ? await executableIn(join(home, 'bin'), 'java') : await findOnPath('java', env);
  if (command === undefined)
    return {
      kind: 'missing',
      reason: home ? `JAVA_HOME is ${home}, and there is no bin/java in it` : 'no java on PATH',
    };
  try {
    // Every Java writes its version to standard error.
    const { stderr } = await promisify(execFile)(command, ['-version'], { env, timeout: VERSION_TIMEOUT_MS });
    const parsed = parseJavaVersion(stderr);
    if (parsed === undefined) return { kind: 'missing', reason: `${command} -version printed no version` };
    return { kind: 'found', command, ...parsed };
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n');
    return { kind: 'missing', reason: `${command} -version failed: ${reason}` };
  }
}

/** From the text of `java -version`: `"17.0.15"` is 17, `"1.8.0_392"` is 8. */
export function parseJavaVersion(text: string): { version: string; major: number } | undefined {
  const match = /version "((?:1\.)?(\d+)[^"]*)"/.exec(text);
  if (match?.[1] === undefined) return undefined;
  return { version: match[1], major: Number(match[2]) };
}

export async function findMaven(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  return findOnPath('mvn', env);
}

async function findOnPath(name: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const directory of (env.PATH ?? '').split(delimiter)) {
    const path = directory === '' ? undefined : await executableIn(directory, name);
    if (path !== undefined) return path;
  }
  return undefined;
}

async function executableIn(directory: string, name: string): Promise<string | undefined> {
  const path = join(directory, name);
  try {
    await access(path, constants.X_OK);
    return path;
  } catch {
    return undefined;
  }
}
