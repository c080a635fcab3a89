/** The command lines of `npm start` and `npm run demo`. */
import { resolve } from 'node:path';
import { parseCommandLine, type ParsedCommandLine } from '@astrolabe/testkit';

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
  const options = { data: { type: 'string' }, ...(takesJson ? { json: { type: 'boolean' } as const } : {}) } as const;
  return parseCommandLine(argv, { options }, ({ values }) => {
    if (values.data === '') return { kind: 'wrong', message: '--data needs the path of a folder' };
    return {
      kind: 'run',
      json: values.json === true,
      dataDir: values.data === undefined ? undefined : resolve(workingDirectory, values.data),
    };
  });
}
