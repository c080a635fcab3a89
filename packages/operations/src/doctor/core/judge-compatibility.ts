/** Compatibility levels of the command schemas' subjects → findings. Pure. */
import { ok, problem, warning, type Finding } from './finding.ts';

export interface SubjectCompatibility {
  readonly subject: string;
  /** Undefined where the registry does not say. */
  readonly level: string | undefined;
  /** Where the level is set. */
  readonly url: string;
}

/** A new schema must be able to read everything on the topic, which holds records of all older versions. */
const enough: ReadonlySet<string | undefined> = new Set(['BACKWARD_TRANSITIVE', 'FULL_TRANSITIVE']);
const nearly: ReadonlySet<string | undefined> = new Set(['BACKWARD', 'FULL']);

export function judgeCompatibility(subjects: readonly SubjectCompatibility[]): Finding[] {
  const findings = subjects
    .filter(({ level }) => !enough.has(level))
    .map(({ subject, level, url }): Finding => {
      const about = `registry subject ${subject}`;
      const fact = `compatibility is ${level ?? 'unknown'}, should be BACKWARD_TRANSITIVE`;
      const remedy = `curl -X PUT -H 'content-type: application/json' -d '{"compatibility":"BACKWARD_TRANSITIVE"}' ${url}`;
      return nearly.has(level)
        ? warning(
            about,
            fact,
            'new schemas are checked against the latest version only, but the topic holds older ones',
            remedy,
          )
        : problem(about, fact, 'a schema that cannot read the records on the topic can be registered', remedy);
    });
  if (findings.length > 0) return findings;
  const levels = [...new Set(subjects.map(({ level }) => level))].toSorted();
  return [ok('registry compatibility', `${levels.join(', ')} for all ${subjects.length} subjects`)];
}
