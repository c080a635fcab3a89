import { useSignal } from '@preact/signals';
import { Link } from '../components/link.ts';
import { h, html, type Children } from '../components/html.ts';
import type { PageName } from '../core/routes.ts';
import { route } from '../state/location.ts';

interface Entry {
  readonly label: string;
  readonly path: string;
  /** The page itself, and those below it. */
  readonly pages: readonly PageName[];
}

const GROUPS: readonly { readonly label: string; readonly entries: readonly Entry[] }[] = [
  {
    label: 'Watch',
    entries: [
      { label: 'Overview', path: '', pages: ['overview'] },
      { label: 'Live', path: 'live', pages: ['live'] },
      { label: 'Trail', path: 'trail', pages: ['trail'] },
      { label: 'Lag', path: 'lag', pages: ['lag'] },
    ],
  },
  {
    label: 'Repair',
    entries: [
      { label: 'Dead letters', path: 'dead-letters', pages: ['dead-letters', 'dead-letter'] },
      { label: 'Replays', path: 'replays', pages: ['replays', 'replay', 'new-replay'] },
      { label: 'Jobs', path: 'jobs', pages: ['jobs'] },
    ],
  },
  {
    label: 'Set up',
    entries: [
      { label: 'Connectors', path: 'connectors', pages: ['connectors', 'connector', 'new-connector'] },
      { label: 'Topics', path: 'topics', pages: ['topics'] },
      { label: 'Schemas', path: 'schemas', pages: ['schemas'] },
      { label: 'Doctor', path: 'doctor', pages: ['doctor'] },
      { label: 'Audit', path: 'audit', pages: ['audit'] },
    ],
  },
];

/** In a narrow window it is folded up, and unfolds by its button. */
export function Navigation(): Children {
  const isOpen = useSignal(false);
  const { page } = route.value;
  return html`<nav class="pages" aria-label="Pages">
    <button
      type="button"
      class="nav-toggle"
      aria-expanded=${String(isOpen.value)}
      aria-controls="page-list"
      onClick=${() => (isOpen.value = !isOpen.value)}
    >
      ${isOpen.value ? 'Hide pages' : 'Pages'}
    </button>
    <div id="page-list" class=${isOpen.value ? 'open' : undefined} onClick=${() => (isOpen.value = false)}>
      ${GROUPS.map(
        ({ label, entries }) =>
          html`<p class="nav-group" id=${`nav-${label}`}>${label}</p>
            <ul aria-labelledby=${`nav-${label}`}>
              ${entries.map((entry) => html`<li>${link(entry, page)}</li>`)}
            </ul>`,
      )}
    </div>
  </nav>`;
}

function link({ label, path, pages }: Entry, page: PageName): Children {
  const isHere = pages.includes(page);
  return h(Link, {
    to: path === '' ? [] : [path],
    class: isHere ? 'here' : '',
    ...(isHere && { current: 'page' }),
    children: label,
  });
}
