/** What `npm audit --json` found (https://docs.npmjs.com/cli/commands/npm-audit), against what is answered for. */

export interface Finding {
  /** Of the advisory: `GHSA-…`. */
  readonly id: string;
  readonly packageName: string;
  readonly severity: string;
  readonly title: string;
}

export type AuditVerdict =
  /** Everything that was found is answered; `answered` is empty where nothing was found. */
  | { readonly kind: 'clean'; readonly answered: readonly string[] }
  | { readonly kind: 'unanswered'; readonly findings: readonly Finding[] }
  /** The registry told nothing. */
  | { readonly kind: 'not-audited'; readonly reason: string };

interface Advisory {
  readonly name: string;
  readonly title: string;
  readonly severity: string;
  readonly url: string;
}

/** `answers` has a finding's id where it is answered. */
export function judgeAudit(reportText: string, answers: string): AuditVerdict {
  const report = JSON.parse(reportText) as {
    readonly message?: string;
    readonly vulnerabilities?: Readonly<Record<string, { readonly via: readonly (string | Advisory)[] }>>;
  };
  if (report.vulnerabilities === undefined) return { kind: 'not-audited', reason: report.message ?? 'no reason given' };
  const advisories = Object.values(report.vulnerabilities)
    .flatMap(({ via }) => via)
    // A text names another package of the report, which has the advisory.
    .filter((each) => typeof each !== 'string');
  const findings = new Map(advisories.map((advisory) => [idOf(advisory), advisory]));
  const unanswered = [...findings].filter(([id]) => !answers.includes(id));
  if (unanswered.length === 0) return { kind: 'clean', answered: [...findings.keys()] };
  return {
    kind: 'unanswered',
    findings: unanswered.map(([id, { name, severity, title }]) => ({ id, packageName: name, severity, title })),
  };
}

function idOf({ url }: Advisory): string {
  return url.slice(url.lastIndexOf('/') + 1);
}
