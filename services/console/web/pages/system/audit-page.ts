/** Who did what, when, from where, and with which result. */
import type { AuditAnswer, AuditEntry } from '../../api/answers.ts';
import { Badge, type Tone } from '../../components/figures/badge.ts';
import { FilterForm, type FilterField } from '../../components/filter-form.ts';
import { h, html, type Children } from '../../components/html.ts';
import { Link } from '../../components/link.ts';
import { Moment } from '../../components/figures/moments.ts';
import { EmptyNote, sentence } from '../../components/notes.ts';
import { PageHead } from '../../components/page-head.ts';
import { Loaded } from '../../components/panel.ts';
import { Visible } from '../../components/text/visible.ts';
import { ACTIONS } from '../../core/access.ts';
import { groupDigits, wordsOf } from '../../core/digits.ts';
import { shownOf } from '../../core/resource-state.ts';
import { formatDuration } from '../../core/times.ts';
import type { PageProps } from '../../shell/page-props.ts';
import { api } from '../../state/session.ts';
import { useResource } from '../../state/use-resource.ts';

const FIELDS: readonly FilterField[] = [
  { kind: 'text', name: 'action', label: 'Action', choices: ACTIONS },
  { kind: 'text', name: 'who', label: 'Who' },
  { kind: 'time', name: 'from', label: 'From' },
  { kind: 'time', name: 'to', label: 'Until' },
];

export function AuditPage({ route }: PageProps): Children {
  const { action, who, from, to, after } = route.query;
  const filter = { action, who, from, to };
  const resource = useResource((signal) => api.get<AuditAnswer>('/audit', { ...filter, cursor: after }, signal), {
    key: JSON.stringify([filter, after]),
  });
  return html`
    ${h(PageHead, {
      title: 'Audit',
      intro:
        'Every change, by the console and the command line, newest first. Its record was stored before it was made.',
      actions: html`<a class="button" download href=${api.url('/audit/export', filter)}>Export as JSON lines</a>`,
    })}
    ${h(FilterForm, { label: 'Filter the audit', fields: FIELDS })}
    ${h(Loaded<AuditAnswer>, {
      shown: shownOf(resource.state),
      onRetry: resource.reload,
      children: ({ entries, next, note }) => html`
        ${note === undefined ? null : html`<p class="note warn">${sentence(note)}</p>`}
        ${
          entries.length === 0
            ? h(EmptyNote, {
                title: 'No action is recorded here.',
                children:
                  next === undefined ? 'Loosen the filters, or there was none yet.' : 'There may be some further back.',
              })
            : html`<ol class="audit">
                ${entries.map((entry) => html`<li key=${entry.id}>${entryView(entry)}</li>`)}
              </ol>`
        }
        <div class="toolbar">
          ${after === undefined ? null : h(Link, { to: ['audit'], query: filter, class: 'button', children: 'Back to the newest' })}
          ${next === undefined ? null : h(Link, { to: ['audit'], query: { ...filter, after: next }, class: 'button', children: 'Older ones' })}
        </div>
      `,
    })}
  `;
}

const TONES: Readonly<Record<NonNullable<AuditEntry['result']>['kind'], Tone>> = {
  done: 'good',
  failed: 'bad',
  cancelled: 'off',
  refused: 'warn',
};

function entryView({ id, action, caller, about, request, before, begunAt, endedAt, result }: AuditEntry): Children {
  const tookMs = endedAt === undefined ? undefined : Date.parse(endedAt) - Date.parse(begunAt);
  const counts = Object.entries(result?.counts ?? {});
  const details = { request, before, after: result?.after };
  const hasDetails = Object.values(details).some((each) => each !== undefined);
  return html`<div class="audit-head">
      ${result === undefined ? h(Badge, { tone: 'busy', children: 'not ended' }) : h(Badge, { tone: TONES[result.kind], children: result.kind })}
      <strong>${action}</strong> <span>${h(Visible, { text: about })}</span>
    </div>
    <p class="faint">
      ${h(Moment, { at: begunAt })} by
      ${h(Visible, { text: caller.name })}${caller.role === undefined ? '' : `, ${caller.role}`}, with the
      ${caller.program === 'cli' ? 'command line' : caller.program} from
      ${h(Visible, { text: caller.from })}${tookMs === undefined ? '' : `, took ${formatDuration(tookMs)}`}
    </p>
    ${result?.message === undefined ? null : html`<p>${h(Visible, { text: sentence(result.message), maxLength: 2_000 })}</p>`}
    ${counts.length === 0 ? null : html`<p>${counts.map(([name, count]) => `${wordsOf(name)} ${groupDigits(count)}`).join(', ')}</p>`}
    ${
      hasDetails
        ? html`<details>
            <summary>What was asked for, before and after</summary>
            <pre class="text-view" tabindex="0" role="region" aria-label=${`Details of ${id}`}>
${h(Visible, { text: JSON.stringify(details, null, 2), maxLength: 20_000 })}</pre>
          </details>`
        : null
    }`;
}
