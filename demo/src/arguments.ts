/** The command lines of `npm start` and `npm run demo`. */
import { resolve } from 'node:path';
import { parseCommandLine, type ParsedCommandLine } from '@astrolabe/testkit';

export interface RunArguments {
  /** One line of JSON on standard output instead of text for people. */
  readonly json: boolean;
  /** Absolute. Undefined: a temporary folder. */
  readonly dataDir: string | undefined;
  /** Keep the pipeline after the demo, and open its console. */
  readonly open: boolean;
}

/**
 * `takes`: what the program knows beside `--data`. A relative folder is relative to `workingDirectory`, which under npm
 * is `INIT_CWD`: npm itself changes to the root of the repository.
 */
export function parseArguments(
  argv: readonly string[],
  { takes, workingDirectory }: { readonly takes: 'json' | 'open'; readonly workingDirectory: string },
): ParsedCommandLine<RunArguments> {
  const flag = { type: 'boolean' } as const;
  const options: { data: { type: 'string' }; json?: typeof flag; open?: typeof flag } = {
    data: { type: 'string' },
    ...(takes === 'json' ? { json: flag } : { open: flag }),
  };
  return parseCommandLine(argv, { options }, ({ values }) => {
    if (values.data === '') return { kind: 'wrong', message: '--data needs the path of a folder' };
    return {
      kind: 'run',
      json: values.json === true,
      open: values.open === true,
      dataDir: values.data === undefined ? undefined : resolve(workingDirectory, values.data),
    };
  });
}
