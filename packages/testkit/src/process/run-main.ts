/** The frame of a program that people start: help, wrong arguments, or its run. */
import { parseArgs, type ParseArgsConfig } from 'node:util';

type NoRun = { readonly kind: 'help' } | { readonly kind: 'wrong'; readonly message: string };
export type ParsedCommandLine<Run> = NoRun | (Run & { readonly kind: 'run' });

const WRONG_USAGE = 2;

const help = { type: 'boolean', short: 'h' } as const;

type Parsed<Config extends ParseArgsConfig> = ReturnType<typeof parseArgs<Config>>;

/** Knows `--help` beside the program's own options, and leaves to `read` what their values mean. */
export function parseCommandLine<const Config extends ParseArgsConfig, Outcome extends { readonly kind: string }>(
  args: readonly string[],
  config: Config,
  read: (parsed: Parsed<Config>) => Outcome,
): NoRun | Outcome {
  let parsed;
  try {
    parsed = parseArgs({ ...config, args: [...args], options: { ...config.options, help } });
  } catch (error) {
    return { kind: 'wrong', message: (error as Error).message };
  }
  const { help: isHelp } = parsed.values as { readonly help?: boolean };
  return isHelp === true ? { kind: 'help' } : read(parsed as Parsed<Config>);
}

/** Resolves with the exit code. */
export async function runMain<Run>(
  parsed: ParsedCommandLine<Run>,
  usage: string,
  run: (parsed: Run) => Promise<number>,
): Promise<number> {
  switch (parsed.kind) {
    case 'help':
      console.log(usage);
      return 0;
    case 'wrong':
      console.error(`${parsed.message}\n\n${usage}`);
      return WRONG_USAGE;
    case 'run':
      return run(parsed);
  }
}
