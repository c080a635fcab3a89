/** Where a message, a command or a user has been, and what became of it. */
import { useRef } from 'preact/hooks';
import type { TrailAnswer } from '../../api/answers.ts';
import { apiPath } from '../../api/client.ts';
import { CopyButton } from '../../components/text/copy-button.ts';
import { h, html, type Children } from '../../components/html.ts';
import { Link } from '../../components/link.ts';
import { Moment } from '../../components/figures/moments.ts';
import { EmptyNote, sentence } from '../../components/notes.ts';
import { PageHead } from '../../components/page-head.ts';
import { Loaded } from '../../components/panel.ts';
import { Visible } from '../../components/text/visible.ts';
import { counted, groupDigits } from '../../core/digits.ts';
import { shownOf } from '../../core/resource-state.ts';
import { ID_KINDS, type IdKind } from '../../core/trail-id.ts';
import type { Query } from '../../core/routes.ts';
import type { PageProps } from '../../shell/page-props.ts';
import { href, navigate } from '../../state/location.ts';
import { api, hasRole } from '../../state/session.ts';
import { useResource } from '../../state/use-resource.ts';
import { HopView } from './hop-view.ts';

export function TrailPage({ route }: PageProps): Children {
  const { kind, id } = route.params;
  const found = ID_KINDS.find((each) => each === kind);
  if (!hasRole('reader')) {
    return html`${h(PageHead, { title: 'Trail' })}
    ${h(EmptyNote, { title: 'Trails are not offered.', children: 'They show payloads, which takes the role reader. Ask an administrator of CONSOLE_ROLES.' })}`;
  }
  return html`
    ${h(PageHead, { title: id === undefined ? 'Trail' : html`Trail of ${h(Visible, { text: id, maxLength: 80 })}`, intro: 'Every record and call that an id led to, in order, with the time between.' })}
    ${h(SearchForm, { id: id ?? '', kind: found ?? 'message', query: route.query })}
    ${id === undefined || found === undefined ? start() : h(Trail, { id, kind: found, query: route.query })}
  `;
}

function start(): Children {
  return h(EmptyNote, {
    title: 'Which id?',
    children: html`Paste a message id, a command id or a user id.
    ${h(Link, { to: ['live'], children: 'The live view' })} and
    ${' '}${h(Link, { to: ['dead-letters'], children: 'the dead letters' })} link to trails too.`,
  });
}

interface IdProps {
  readonly id: string;
  readonly kind: IdKind;
  /** How far back, and of a user at which connector; as in the address. */
  readonly query: Query;
}

const DAYS = ['1', '7', '30'] as const;
const USUAL_DAYS = '7';

function SearchForm({ id, kind, query }: IdProps): Children {
  const form = useRef<HTMLFormElement>(null);
  const onSubmit = (event: Event): void => {
    event.preventDefault();
    const data = new FormData(form.current ?? undefined);
    const text = textIn(data, 'id').trim();
    const days = textIn(data, 'days');
    const narrowed = { connector: textIn(data, 'connector').trim(), days: days === USUAL_DAYS ? undefined : days };
    if (text !== '') navigate(href(['trail', textIn(data, 'kind'), text], narrowed));
  };
  const days = query['days'] ?? USUAL_DAYS;
  return html`<form class="filters" ref=${form} role="search" aria-label="Trail of an id" onSubmit=${onSubmit}>
    <label
      ><span>Kind</span>
      <select name="kind">
        ${ID_KINDS.map((each) => html`<option value=${each} selected=${each === kind}>${each}</option>`)}
      </select>
    </label>
    <label class="grow"
      ><span>Id</span>
      <input name="id" value=${id} autocomplete="off" spellcheck="false" required />
    </label>
    <label
      ><span>Connector, of a user</span>
      <input name="connector" value=${query['connector'] ?? ''} autocomplete="off" spellcheck="false" />
    </label>
    <label
      ><span>Days back</span>
      <select name="days">
        ${DAYS.map((each) => html`<option value=${each} selected=${each === days}>${each}</option>`)}
      </select>
    </label>
    <button class="main" type="submit">Follow it</button>
  </form>`;
}

function textIn(data: FormData, name: string): string {
  const value = data.get(name);
  return typeof value === 'string' ? value : '';
}

function Trail({ id, kind, query }: IdProps): Children {
  const narrowed = { connector: query['connector'], days: query['days'] };
  const resource = useResource((signal) => api.get<TrailAnswer>(`/trail${apiPath(kind, id)}`, narrowed, signal), {
    key: JSON.stringify([kind, id, narrowed]),
  });
  return h(Loaded<TrailAnswer>, {
    shown: shownOf(resource.state),
    onRetry: resource.reload,
    children: (trail) => trailView(trail, narrowed, resource.reload),
  });
}

function trailView(trail: TrailAnswer, narrowed: Query, onReload: () => void): Children {
  const { hops, leftOut, searched, since, hidden } = trail;
  return html`
    <p class="faint">
      ${groupDigits(searched)} records were searched, back to ${h(Moment, { at: since })}.
      ${leftOut > 0 ? `${counted(leftOut, 'older record')} are not shown.` : ''}
    </p>
    <div class="toolbar">
      <button type="button" onClick=${onReload}>Search again</button>
      ${h(CopyButton, { text: location.href, label: 'Copy link to this trail', children: 'Copy link' })}
      <a class="button" download=${`trail-${trail.kind}.json`} href=${exportUrl(trail, narrowed)}>Export as JSON</a>
    </div>
    ${hidden.map(
      ({ topic, partition, fromOffset, message }) =>
        html`<p class="note warn">
          ${topic}, partition ${partition}, from offset ${groupDigits(fromOffset)} on: ${sentence(message)}
        </p>`,
    )}
    ${
      hops.length === 0
        ? nothing(trail)
        : html`<ol class="hops">
            ${hops.map((hop, index) => h(HopView, { hop, key: `${hop.topic} ${hop.partition} ${hop.offset} ${hop.role} ${index}` }))}
          </ol>`
    }
  `;
}

function nothing({ kind, id }: TrailAnswer): Children {
  const others = ID_KINDS.filter((each) => each !== kind);
  return h(EmptyNote, {
    title: `No ${kind} with this id was found.`,
    children: html`It may be older than the topics keep, or an id of another kind. Look for it as
    ${others.map((each) => html` ${h(Link, { to: ['trail', each, id], children: `a ${each}` })}`)}.`,
  });
}

/** The answer that is shown, from the API. */
function exportUrl({ kind, id }: TrailAnswer, narrowed: Query): string {
  return api.url(`/trail${apiPath(kind, id)}`, narrowed);
}
