/** Where alerts send those who are woken. */

/** Relative to the repository: an installation puts an address before it. */
export const RUNBOOK = 'docs/operating.md';
export const RUNBOOK_SECTION = 'By symptom';

/** The anchor that Markdown readers give a heading: lower case, spaces as hyphens, punctuation left out. */
export function slugOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-');
}
