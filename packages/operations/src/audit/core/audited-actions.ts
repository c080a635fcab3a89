/**
 * The one catalogue of what is audited: every action that changes something, whichever program does it. Its table in
 * docs/operating.md is made from this. Pure.
 */

/** In which program an operator finds it. */
export type AuditedProgram = 'cli' | 'console';

interface CataloguedAction {
  readonly name: string;
  /** What happens, as a sentence. */
  readonly meaning: string;
  /** What to type; undefined: only the console does it. */
  readonly command: string | undefined;
  readonly programs: readonly AuditedProgram[];
}

const both = ['cli', 'console'] as const;

const catalogue = [
  {
    name: 'redrive',
    meaning: 'Dead letters are sent back to their source topics.',
    command: 'astrolabe dlq redrive',
    programs: both,
  },
  {
    name: 'redrive-edited',
    meaning: 'Dead letters are sent back with the values of an export that was edited.',
    command: 'astrolabe dlq redrive --from-file',
    programs: both,
  },
  {
    name: 'dismiss',
    meaning: 'Dead letters are marked as no longer wanted.',
    command: 'astrolabe dlq dismiss',
    programs: both,
  },
  {
    name: 'start-replay',
    meaning: 'A replay is ordered.',
    command: 'astrolabe replay events|commands',
    programs: both,
  },
  { name: 'pause-replay', meaning: 'A replay is to pause.', command: 'astrolabe replay pause', programs: both },
  {
    name: 'resume-replay',
    meaning: 'A replay is to go on, or to go at another rate.',
    command: 'astrolabe replay resume',
    programs: both,
  },
  { name: 'cancel-replay', meaning: 'A replay is to end.', command: 'astrolabe replay cancel', programs: both },
  {
    name: 'cancel-job',
    meaning: 'A redrive or dismissal that the console runs is to end.',
    command: undefined,
    programs: ['console'],
  },
  {
    name: 'add-connector',
    meaning: 'A connector is added to the connectors file.',
    command: 'astrolabe connectors add',
    programs: both,
  },
  {
    name: 'edit-connector',
    meaning: "A connector's name or rule for free email providers is changed.",
    command: undefined,
    programs: ['console'],
  },
  {
    name: 'enable-connector',
    meaning: 'A connector is enabled or disabled.',
    command: 'astrolabe connectors enable|disable',
    programs: both,
  },
  {
    name: 'rotate-key',
    meaning: 'A connector gets another key.',
    command: 'astrolabe connectors rotate-key',
    programs: both,
  },
  {
    name: 'retire-key',
    meaning: 'An old key of a connector is no longer accepted.',
    command: 'astrolabe connectors rotate-key --retire',
    programs: both,
  },
  {
    name: 'send-test-event',
    meaning: "An event is sent to ingest with a connector's key.",
    command: undefined,
    programs: ['console'],
  },
  {
    name: 'apply-topics',
    meaning: 'Topics are created, or their settings changed.',
    command: 'astrolabe topics apply',
    programs: both,
  },
  {
    name: 'apply-schemas',
    meaning: 'Command schemas are registered.',
    command: 'astrolabe schemas apply',
    programs: both,
  },
  {
    name: 'backfill',
    meaning: 'Archived events are stored on the event topic.',
    command: 'astrolabe backfill',
    programs: ['cli'],
  },
] as const satisfies readonly CataloguedAction[];

type CatalogueEntry = (typeof catalogue)[number];
type EntryOf<
  Program extends AuditedProgram,
  Entry extends CatalogueEntry = CatalogueEntry,
> = Entry extends CatalogueEntry ? (Program extends Entry['programs'][number] ? Entry : never) : never;

export type ActionName = CatalogueEntry['name'];
export type ConsoleActionName = EntryOf<'console'>['name'];

export const auditedActions: readonly (CataloguedAction & { readonly name: ActionName })[] = catalogue;

export const actionNames: readonly ActionName[] = catalogue.map(({ name }) => name);

/** Changes that can be made with the console. */
export const consoleActionNames: readonly ConsoleActionName[] = catalogue
  .filter((entry): entry is EntryOf<'console'> => (entry.programs as readonly AuditedProgram[]).includes('console'))
  .map(({ name }) => name);
