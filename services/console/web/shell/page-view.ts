/** The page that the address means. Each is loaded when it is first opened, so that the first one is there soon. */
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { h, html, type Children } from '../components/html.ts';
import { LoadingNote, ProblemNote } from '../components/notes.ts';
import { OverviewPage } from '../pages/overview/overview-page.ts';
import { UnknownPage } from '../pages/session/unknown-page.ts';
import type { PageName, Route } from '../core/routes.ts';
import type { PageProps } from './page-props.ts';

type Page = (props: PageProps) => Children;

const LOADERS: Readonly<Record<PageName, () => Promise<Page>>> = {
  overview: () => Promise.resolve(OverviewPage),
  unknown: () => Promise.resolve(UnknownPage),
  login: () => Promise.resolve(OverviewPage),
  live: () => import('../pages/live/live-page.ts').then(({ LivePage }) => LivePage),
  trail: () => import('../pages/trail/trail-page.ts').then(({ TrailPage }) => TrailPage),
  connectors: () => import('../pages/connectors/connectors-page.ts').then(({ ConnectorsPage }) => ConnectorsPage),
  connector: () => import('../pages/connectors/connector-page.ts').then(({ ConnectorPage }) => ConnectorPage),
  'new-connector': () => import('../pages/connectors/wizard-page.ts').then(({ WizardPage }) => WizardPage),
  'dead-letters': () =>
    import('../pages/dead-letters/dead-letters-page.ts').then(({ DeadLettersPage }) => DeadLettersPage),
  'dead-letter': () => import('../pages/dead-letters/dead-letter-page.ts').then(({ DeadLetterPage }) => DeadLetterPage),
  replays: () => import('../pages/replays/replays-page.ts').then(({ ReplaysPage }) => ReplaysPage),
  replay: () => import('../pages/replays/replay-page.ts').then(({ ReplayPage }) => ReplayPage),
  'new-replay': () => import('../pages/replays/new-replay-page.ts').then(({ NewReplayPage }) => NewReplayPage),
  lag: () => import('../pages/system/lag-page.ts').then(({ LagPage }) => LagPage),
  schemas: () => import('../pages/system/schemas-page.ts').then(({ SchemasPage }) => SchemasPage),
  topics: () => import('../pages/system/topics-page.ts').then(({ TopicsPage }) => TopicsPage),
  doctor: () => import('../pages/system/doctor-page.ts').then(({ DoctorPage }) => DoctorPage),
  audit: () => import('../pages/system/audit-page.ts').then(({ AuditPage }) => AuditPage),
  jobs: () => import('../pages/system/jobs-page.ts').then(({ JobsPage }) => JobsPage),
  session: () => import('../pages/session/session-page.ts').then(({ SessionPage }) => SessionPage),
};

type Loaded =
  | { readonly kind: 'loading' }
  | { readonly kind: 'page'; readonly name: PageName; readonly page: Page }
  | { readonly kind: 'failed' };

export function PageView({ route }: PageProps): Children {
  const loaded = useSignal<Loaded>({ kind: 'loading' });
  const attempt = useSignal(0);
  const { page: name, params } = route;
  useEffect(() => {
    let isWanted = true;
    LOADERS[name]().then(
      (page) => {
        if (isWanted) loaded.value = { kind: 'page', name, page };
      },
      () => {
        if (isWanted) loaded.value = { kind: 'failed' };
      },
    );
    return () => {
      isWanted = false;
    };
  }, [name, attempt.value]);
  const state = loaded.value;
  if (state.kind === 'failed') return failed(() => (attempt.value += 1));
  if (state.kind === 'loading' || state.name !== name) return h(LoadingNote, { message: undefined });
  const key = JSON.stringify([name, params]);
  return html`<${Opened} key=${key} page=${state.page} route=${route} />`;
}

function failed(onRetry: () => void): Children {
  const detail =
    'This page could not be loaded: the console did not answer, or was replaced by another version. Try again, or load the page again.';
  return h(ProblemNote, { problem: { status: 0, code: undefined, detail, requestId: undefined }, onRetry });
}

/** The first page of a visit takes no focus: the browser has just given it to the document. */
let hasOpenedOne = false;

interface OpenedProps {
  readonly page: Page;
  readonly route: Route;
}

function Opened({ page, route }: OpenedProps): Children {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const heading = element.current?.querySelector('h1');
    document.title = `${heading?.textContent ?? 'Console'} · Astrolabe`;
    if (hasOpenedOne) heading?.focus({ preventScroll: true });
    hasOpenedOne = true;
  }, []);
  return html`<div class="page" ref=${element}>${h(page, { route })}</div>`;
}
