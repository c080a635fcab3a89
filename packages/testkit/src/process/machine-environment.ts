/**
 * What a process needs of the machine it runs on. Nothing else of a shell reaches a service under test: a variable that
 * happens to be set there must not configure it.
 */
const NAMES = [
  'PATH',
  'HOME',
  'TMPDIR',
  'LANG',
  'TZ',
  'NODE_EXTRA_CA_CERTS',
  'NODE_V8_COVERAGE',
  // Without it every process compiles the same modules again, which is most of the work of a start.
  'NODE_COMPILE_CACHE',
] as const;

/** Variables that are unset or empty are left out. */
export function machineEnvironment(env: NodeJS.ProcessEnv = process.env): Readonly<Record<string, string>> {
  return Object.fromEntries(
    NAMES.flatMap((name): [string, string][] => {
      const value = env[name];
      return value === undefined || value === '' ? [] : [[name, value]];
    }),
  );
}
