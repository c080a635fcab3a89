/** What the doctor found out about one thing. */
export interface Finding {
  readonly level: 'ok' | 'warning' | 'problem';
  /** What was examined: `topics`, `connector acme`. */
  readonly about: string;
  readonly fact: string;
  /** What follows from it, where something is wrong. */
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
