/** The program as a test runs it: in this process, with its output kept. */
import type { Environment } from '@astrolabe/service-kit';
import type { Clock } from '@astrolabe/service-kit/clock';
import { runProgram } from '../program.ts';

export interface Invocation {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface InvocationOptions {
  /** What a person types, a line for each question. Undefined: no terminal. */
  readonly answers?: readonly string[];
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  /** Called with what is printed, as it is printed. */
  readonly onStdout?: (text: string) => void;
}

export async function runAstrolabe(
  args: readonly string[],
  env: Environment = {},
  { answers, signal, clock, onStdout }: InvocationOptions = {},
): Promise<Invocation> {
  let stdout = '';
  let stderr = '';
  const left = [...(answers ?? [])];
  const ask = async (question: string): Promise<string> => {
    stderr += question;
    const answer = left.shift();
    if (answer === undefined) throw new Error(`the test has no answer to: ${question}`);
    return answer;
  };
  const exitCode = await runProgram(args, {
    env,
    stdout: (text) => {
      stdout += text;
      onStdout?.(text);
    },
    stderr: (text) => (stderr += text),
    ...(answers === undefined ? {} : { terminal: { ask, askSecret: ask } }),
    ...(signal === undefined ? {} : { signal }),
    ...(clock === undefined ? {} : { clock }),
  });
  return { exitCode, stdout, stderr };
}

/** The lines of JSON that `--json` prints. */
export function jsonLines<Line>({ stdout }: Invocation): Line[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}
