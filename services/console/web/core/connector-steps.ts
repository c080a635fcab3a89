/** The steps of setting a connector up, and what may follow. Pure. */

const steps = {
  /** Its name, and what is done with free email providers. */
  describing: ['adding'],
  adding: ['describing', 'key-shown', 'json-shown'],
  /** The key is on the screen, this once. */
  'key-shown': ['entering'],
  /** The connectors file cannot be written here: somebody has to put the JSON into it. */
  'json-shown': [],
  /** What to enter in Segment. */
  entering: ['testing'],
  testing: [],
} as const satisfies Record<string, readonly string[]>;

export type ConnectorStep = keyof typeof steps;

/** `next`, or throws where it may not follow. */
export function enterConnectorStep(from: ConnectorStep, next: ConnectorStep): ConnectorStep {
  const allowed: readonly ConnectorStep[] = steps[from];
  if (!allowed.includes(next)) throw new Error(`setting up cannot go from ${from} to ${next}`);
  return next;
}

/** `Acme (EU)` becomes `acme-eu`, as where the connector is added. Shown as a proposal. */
export function proposedId(name: string): string {
  return name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 63)
    .replace(/-+$/, '');
}

/** 1 to 63 lower-case letters, digits and hyphens. */
export function isConnectorId(id: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,62}$/.test(id);
}
