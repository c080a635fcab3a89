/** The frame of a program that people start: help, wrong arguments, or its run. */

export type ParsedCommandLine<Run> =
  { readonly kind: 'help' } | { readonly kind: 'wrong'; readonly message: string } | (Run & { readonly kind: 'run' });

const WRONG_USAGE = 2;

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
