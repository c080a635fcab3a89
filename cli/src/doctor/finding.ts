/** What the doctor has to say about one thing. */
export interface Finding {
  readonly level: 'ok' | 'warning' | 'problem';
  /** What was looked at: `topics`, `connector acme`. */
  readonly about: string;
  /** The fact. */
  readonly fact: string;
  /** What follows from it, where something is amiss. */
  readonly meaning?: string;
  /** What to type, or to do. */
  readonly remedy?: string;
}

export function ok(about: string, fact: string): Finding {
  return { level: 'ok', about, fact };
}

export function warning(about: string, fact: string, meaning: string, remedy: string): Finding {
  return { level: 'warning', about, fact, meaning, remedy };
}

export function problem(about: string, fact: string, meaning: string, remedy: string): Finding {
  return { level: 'problem', about, fact, meaning, remedy };
}

const marks = { ok: 'ok  ', warning: 'warn', problem: 'FAIL' } as const;

export function describeFinding({ level, about, fact, meaning, remedy }: Finding): string[] {
  // The message of a configuration names its problems one a line.
  const [first = '', ...others] = fact.split('\n');
  return [
    `${marks[level]}  ${about}: ${first}`,
    ...others.map((line) => `      ${line}`),
    ...(meaning === undefined ? [] : [`        ${meaning}`]),
    ...(remedy === undefined ? [] : [`      > ${remedy}`]),
  ];
}
