/** The replays that there are, and how far they have come. */
import type { ReplayAnswer, ReplaysAnswer, ReplaysValue } from '../../api/answers.ts';
import { Badge, Bar, type Tone } from '../../components/figures/badge.ts';
import { DataTable, type Column } from '../../components/data-table.ts';
import { h, html, type Children } from '../../components/html.ts';
import { Link } from '../../components/link.ts';
import { Count, Moment } from '../../components/figures/moments.ts';
import { EmptyNote, sentence } from '../../components/notes.ts';
import { PageHead } from '../../components/page-head.ts';
import { Loaded } from '../../components/panel.ts';
import { StreamNote } from '../../components/stream-note.ts';
import { Visible } from '../../components/text/visible.ts';
import { formatShare } from '../../core/digits.ts';
import { panelOf } from '../../core/resource-state.ts';
import { api, offer } from '../../state/session.ts';
import { useResource } from '../../state/use-resource.ts';
import { useStream } from '../../state/use-stream.ts';

const TONES: Readonly<Record<ReplayAnswer['phase'], Tone>> = {
  waiting: 'busy',
  running: 'busy',
  pausing: 'warn',
  paused: 'warn',
  cancelling: 'warn',
  cancelled: 'off',
  finished: 'good',
};

export function PhaseBadge({
  replay: { phase, isOrphan },
}: {
  readonly replay: Pick<ReplayAnswer, 'phase' | 'isOrphan'>;
}): Children {
  return isOrphan
    ? h(Badge, { tone: 'bad', children: `${phase}, its topic is gone` })
    : h(Badge, { tone: TONES[phase], children: phase });
}

const COLUMNS: readonly Column<ReplayAnswer>[] = [
  {
    name: 'Replay',
    cell: ({ id, source }) =>
      html`${h(Link, { to: ['replays', id], children: h(Visible, { text: id, maxLength: 40 }) })}
        <div class="faint">of ${source}</div>`,
  },
  { name: 'State', cell: (replay) => h(PhaseBadge, { replay }) },
  {
    name: 'Progress',
    cell: ({ share, phase }) =>
      html`${h(Bar, { share, tone: TONES[phase], label: `${formatShare(share)} done` })}<span class="faint"
          >${formatShare(share)}</span
        >`,
  },
  { name: 'Started', cell: ({ startedAt }) => h(Moment, { at: startedAt }) },
  { name: 'Delivered', isNumber: true, cell: ({ outcomes }) => h(Count, { value: outcomes.commands.delivered }) },
  {
    name: 'Known before',
    isNumber: true,
    cell: ({ outcomes }) => h(Count, { value: outcomes.commands.knownToLedger + outcomes.commands.duplicate }),
  },
  {
    name: 'Dead',
    isNumber: true,
    cell: ({ outcomes }) => h(Count, { value: outcomes.commands.dead + (outcomes.events?.dead ?? 0) }),
  },
];

export function ReplaysPage(): Children {
  const resource = useResource((signal) => api.get<ReplaysAnswer>('/replays', {}, signal), { key: 'replays' });
  const stream = useStream(api.url('/replays/stream', {}), (events) => {
    const last = events.findLast(({ event }) => event === 'replays');
    if (last !== undefined) resource.put(JSON.parse(last.data) as ReplaysAnswer);
  });
  const offered = offer('start-replay');
  return html`
    ${h(PageHead, {
      title: 'Replays',
      intro: 'Ranges of the past, handled again beside live traffic, which goes first.',
      actions: html`${h(StreamNote, { stream })}${
        offered.kind === 'offered'
          ? h(Link, { to: ['replays', 'new'], class: 'button main', children: 'Plan a replay' })
          : html`<span class="withheld">Starting is not offered. ${offered.reason}</span>`
      }`,
    })}
    ${h(Loaded<ReplaysValue>, { shown: panelOf(resource.state, (body) => body.replays), onRetry: resource.reload, children: list })}
  `;
}

function list({ replays, older }: ReplaysValue): Children {
  return html`
    ${
      replays.length === 0
        ? h(EmptyNote, {
            title: 'There was no replay yet.',
            children:
              'Plan one to handle a range of events or commands again. A forecast says what it would do before anything is started.',
          })
        : h(DataTable<ReplayAnswer>, {
            caption: 'Replays, newest first',
            rows: replays.toReversed(),
            columns: COLUMNS,
            keyOf: ({ id }) => id,
          })
    }
    ${
      older.length === 0
        ? null
        : html`<section class="panel" aria-labelledby="older">
            <h2 id="older">Of an earlier version</h2>
            <ul class="rows">
              ${older.map(
                ({ id, remaining, unreadable }) =>
                  html`<li>
                    <strong>${h(Visible, { text: id })}</strong>
                    <span
                      >${unreadable === undefined ? (remaining ? html`had not read ${h(Visible, { text: remaining })}` : 'had read everything') : h(Visible, { text: sentence(unreadable) })}</span
                    >
                  </li>`,
              )}
            </ul>
          </section>`
    }
  `;
}
