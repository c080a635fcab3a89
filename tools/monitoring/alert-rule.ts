/** An alert, with the situations that show when it fires and when not. */

export type Severity =
  /** Somebody is woken: events or customers are in trouble now. */
  | 'critical'
  /** Somebody looks at it within a working day. */
  | 'warning'
  /** A customer may ask about it. */
  | 'info';

/** Series by their text, each with promtool's notation of values at intervals of a minute. */
export type Input = Readonly<Record<string, string>>;

export interface FiringCase {
  /** A sentence: what is going on. */
  readonly when: string;
  readonly input: Input;
  /** When to look, as in `30m`. */
  readonly at: string;
  /** Of each alert that fires, without those of the rule. */
  readonly labels: readonly Readonly<Record<string, string>>[];
}

export type SilentCase = Omit<FiringCase, 'labels'>;

export interface AlertRule {
  readonly name: string;
  readonly severity: Severity;
  readonly expr: string;
  /** How long it has to hold, as in `5m`. */
  readonly for: string;
  /** For rules that share a name: which service it is about. */
  readonly service?: string;
  /** One line, with `{{ $labels.NAME }}`. */
  readonly summary: string;
  readonly description: string;
  /** Heading below "By symptom" in docs/operating.md. */
  readonly runbook: string;
  readonly fires: readonly FiringCase[];
  readonly silent: readonly SilentCase[];
}
