/** Why a process ended by itself, by its log. Pure. */

export interface LastFault {
  /** Of docs/errors.md; undefined for a fault that has none. */
  readonly code: string | undefined;
  readonly message: string;
}

/** Of causes that a run's own disturbances bring about in any revision (docs/errors.md). */
const causesOfDisturbances = new Set([
  'connectors.invalid',
  'kafka.instance-fenced',
  'kafka.session-lost',
  'ledger.disk-failed',
  'service.shutdown-deadline',
]);

/** `lines`: those of level error or above, and those that are not JSON, oldest first. */
export function lastFaultIn(lines: readonly string[]): LastFault {
  const fatal = lines.flatMap((line) => fatalIn(line)).at(-1);
  return fatal ?? { code: undefined, message: lines.at(-1) ?? 'it said nothing' };
}

export function isOfDisturbance({ code }: LastFault): boolean {
  return code !== undefined && causesOfDisturbances.has(code);
}

function fatalIn(line: string): readonly LastFault[] {
  let fields: {
    readonly level?: unknown;
    readonly msg?: unknown;
    readonly err?: { readonly code?: unknown; readonly message?: unknown };
  };
  try {
    fields = JSON.parse(line) as typeof fields;
  } catch {
    return [];
  }
  if (fields.level !== 'fatal' && fields.level !== FATAL_LEVEL) return [];
  const { code, message } = fields.err ?? {};
  return [{ code: typeof code === 'string' ? code : undefined, message: String(message ?? fields.msg) }];
}

const FATAL_LEVEL = 60;
