/** Compatibility levels of the command schemas' subjects → findings. Pure. */
import { ok, problem, warning, type Finding } from './finding.ts';

export interface SubjectCompatibility {
  readonly subject: string;
  /** Undefined where the registry does not say. */
  readonly level: string | undefined;
  /** Where the level is set. */
  readonly url: string;
}

/** A new schema must read what is on the topic, which is older versions, all of them. */
const enough: ReadonlySet<string | undefined> = new Set(['BACKWARD_TRANSITIVE', 'FULL_TRANSITIVE']);
const nearly: ReadonlySet<string | undefined> = new Set(['BACKWARD', 'FULL']);

export function judgeCompatibility(subjects: readonly SubjectCompatibility[]): Finding[] {
  const findings = subjects
    .filter(({ level }) => !enough.has(level))
    .map(({ subject, level, url }): Finding => {
      const about = `registry subject ${subject}`;
      const fact = `compatibility is ${level ?? 'not known'}, BACKWARD_TRANSITIVE is expected`;
      const remedy = `curl -X PUT -H 'content-type: application/json' -d '{"compatibility":"BACKWARD_TRANSITIVE"}' ${url}`;
      return nearly.has(level)
        ? warning(
            about,
            fact,
            'a schema is checked against the last version only, and the topic holds older ones',
            remedy,
          )
        : problem(about, fact, 'a schema can be registered that cannot read what waits on the topic', remedy);
    });
  if (findings.length > 0) return findings;
  const levels = [...new Set(subjects.map(({ level }) => level))].toSorted();
  return [ok('registry compatibility', `${levels.join(', ')} for all ${subjects.length} subjects`)];
}
