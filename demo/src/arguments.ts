/** The command lines of `npm start` and `npm run demo`. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { ParsedCommandLine } from '@astrolabe/testkit';

export interface RunArguments {
  /** One line of JSON on standard output instead of text for people. */
  readonly json: boolean;
  /** Absolute. Undefined: a temporary folder. */
  readonly dataDir: string | undefined;
}

/**
 * `takesJson`: whether the program knows `--json`. A relative folder is relative to `workingDirectory`, which under npm
 * is `INIT_CWD`: npm itself changes to the root of the repository.
 */
export function parseArguments(
  argv: readonly string[],
  { takesJson, workingDirectory }: { readonly takesJson: boolean; readonly workingDirectory: string },
): ParsedCommandLine<RunArguments> {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        data: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
        ...(takesJson ? { json: { type: 'boolean' } as const } : {}),
      },
    });
    if (values.help === true) return { kind: 'help' };
    if (values.data === '') return { kind: 'wrong', message: '--data needs the path of a folder' };
    return {
      kind: 'run',
      json: 'json' in values && values.json === true,
      dataDir: values.data === undefined ? undefined : resolve(workingDirectory, values.data),
    };
  } catch (error) {
    return { kind: 'wrong', message: (error as Error).message };
  }
}
