/** One replay: how far it is, what came of it, and how to stop it. */
import { useSignal } from '@preact/signals';
import type { ReplayDetail, ReplayDetailAnswer } from '../../api/answers.ts';
import { apiPath } from '../../api/client.ts';
import { ActionButton } from '../../components/dialogs/action.ts';
import { Bar } from '../../components/figures/badge.ts';
import { DataTable, type Column } from '../../components/data-table.ts';
import { Dialog } from '../../components/dialogs/dialog.ts';
import { h, html, type Children } from '../../components/html.ts';
import { Count, Moment, Seconds } from '../../components/figures/moments.ts';
import { ProblemNote } from '../../components/notes.ts';
import { PageHead } from '../../components/page-head.ts';
import { Loaded } from '../../components/panel.ts';
import { Visible } from '../../components/text/visible.ts';
import { counted, formatRate, formatShare } from '../../core/digits.ts';
import { panelOf, type Problem } from '../../core/resource-state.ts';
import type { PageProps } from '../../shell/page-props.ts';
import { announce } from '../../state/announcer.ts';
import { api, changes } from '../../state/session.ts';
import { useResource } from '../../state/use-resource.ts';
import { PhaseBadge } from './replays-page.ts';

const REFRESH_MS = 2_000;

export function ReplayPage({ route }: PageProps): Children {
  const { id = '' } = route.params;
  const path = `/replays${apiPath(id)}`;
  const resource = useResource((signal) => api.get<ReplayDetailAnswer>(path, {}, signal), {
    key: path,
    refreshMs: REFRESH_MS,
  });
  return html`
    ${h(PageHead, { title: 'Replay', intro: html`<code>${h(Visible, { text: id })}</code>` })}
    ${h(Loaded<ReplayDetail>, {
      shown: panelOf(resource.state, (body) => body.replay),
      onRetry: resource.reload,
      children: (replay) => html`
        ${h(Controls, { replay, onChange: resource.reload })} ${progress(replay)}
        <div class="grid">
          <section class="panel" aria-labelledby="outcomes">
            <h2 id="outcomes">What came of it</h2>
            ${outcomes(replay)}
          </section>
          <section class="panel" aria-labelledby="request">
            <h2 id="request">What was asked for</h2>
            ${request(replay)}
          </section>
        </div>
        <section class="panel" aria-labelledby="partitions">
          <h2 id="partitions">Partitions</h2>
          ${h(DataTable<Partition>, { caption: 'Progress by partition', rows: replay.partitions, columns: COLUMNS, keyOf: ({ partition }) => String(partition) })}
        </section>
      `,
    })}
  `;
}

type Partition = ReplayDetail['partitions'][number];

const COLUMNS: readonly Column<Partition>[] = [
  { name: 'Partition', isNumber: true, cell: ({ partition }) => String(partition) },
  { name: 'From offset', isNumber: true, cell: ({ fromOffset }) => h(Count, { value: fromOffset }) },
  {
    name: 'Next',
    isNumber: true,
    cell: ({ nextOffset }) =>
      nextOffset === undefined ? html`<span class="faint">not taken yet</span>` : h(Count, { value: nextOffset }),
  },
  { name: 'End', isNumber: true, cell: ({ endOffset }) => h(Count, { value: endOffset }) },
  { name: 'Not read yet', isNumber: true, cell: ({ unread }) => h(Count, { value: unread }) },
  { name: 'Gave way', isNumber: true, cell: ({ gaveWaySeconds }) => h(Seconds, { seconds: gaveWaySeconds }) },
];

interface ControlsProps {
  readonly replay: ReplayDetail;
  readonly onChange: () => void;
}

function Controls({ replay, onChange }: ControlsProps): Children {
  const problem = useSignal<Problem | undefined>(undefined);
  const isCancelling = useSignal(false);
  const { id, phase, isOver, isOrphan } = replay;
  const ask = async (what: 'pause' | 'resume' | 'cancel', said: string): Promise<void> => {
    isCancelling.value = false;
    const answer = await changes.controlReplay(id, what);
    problem.value = answer.kind === 'problem' ? answer.problem : undefined;
    if (answer.kind === 'answer') announce(said);
    onChange();
  };
  return html`<div class="toolbar">
      ${h(PhaseBadge, { replay })}
      ${
        isOver || isOrphan
          ? null
          : html`
              ${phase === 'running' || phase === 'waiting' ? h(ActionButton, { action: 'pause-replay', onClick: () => void ask('pause', 'Pausing.'), children: 'Pause' }) : null}
              ${phase === 'paused' || phase === 'pausing' ? h(ActionButton, { action: 'resume-replay', isMain: true, onClick: () => void ask('resume', 'Resumed.'), children: 'Resume' }) : null}
              ${phase === 'cancelling' ? null : h(ActionButton, { action: 'cancel-replay', onClick: () => (isCancelling.value = true), children: 'Cancel' })}
            `
      }
    </div>
    ${problem.value === undefined ? null : h(ProblemNote, { problem: problem.value })}
    ${
      isCancelling.value
        ? h(Dialog, {
            title: 'Cancel this replay',
            onClose: () => (isCancelling.value = false),
            children: html`<p>
                Nothing more is read, and commands that have not been started are dropped. A cancelled replay cannot be
                resumed.
              </p>
              <div class="buttons">
                <button type="button" class="main" onClick=${() => void ask('cancel', 'Cancelling.')}>
                  Cancel the replay
                </button>
                <button type="button" onClick=${() => (isCancelling.value = false)}>Let it go on</button>
              </div>`,
          })
        : null
    }`;
}

function progress({
  share,
  readPerSecond,
  remainingSeconds,
  gaveWaySeconds,
  recordsPerSecond,
}: ReplayDetail): Children {
  return html`<div class="progress">
    ${h(Bar, { share, label: `${formatShare(share)} done` })}
    <p>
      <strong>${formatShare(share)}</strong
      >${readPerSecond === undefined ? '' : ` at ${formatRate(readPerSecond)} records a second`}${recordsPerSecond === undefined ? '' : `, at most ${formatRate(recordsPerSecond)}`}.
      ${remainingSeconds === undefined ? '' : html` About ${h(Seconds, { seconds: remainingSeconds })} to go.`}
      ${gaveWaySeconds > 0 ? html` It gave way to live records for ${h(Seconds, { seconds: gaveWaySeconds })}.` : ''}
    </p>
  </div>`;
}

function outcomes({ outcomes: all }: ReplayDetail): Children {
  const { read, matched, filteredOut, replayedBefore, unreadable, expired, events, commands, unread } = all;
  const rows: readonly (readonly [string, number | undefined])[] = [
    ['Read', read],
    ['Matched the filters', matched],
    ['Filtered out', filteredOut],
    ['Copies of an earlier replay', replayedBefore],
    ['Unreadable', unreadable],
    ['Gone before they were read', expired],
    ['Not read yet', unread],
    ['Events mapped', events?.mapped],
    ['Events skipped', events?.skipped],
    ['Events dead', events?.dead],
    ['Commands made', commands.made],
    ['Delivered before, so not sent', commands.knownToLedger],
    ['Delivered', commands.delivered],
    ['Duplicate', commands.duplicate],
    ['Dead', commands.dead],
    ['Cancelled', commands.cancelled],
    ['Lost', commands.lost],
    ['Under way', commands.pending],
  ];
  return html`<dl class="facts">
    ${rows
      .filter(([, count]) => count !== undefined)
      .map(
        ([name, count]) =>
          html`<dt>${name}</dt>
            <dd>${h(Count, { value: count ?? 0 })}</dd>`,
      )}
  </dl>`;
}

function request({
  source,
  startedAt,
  lastActiveAt,
  filter,
  force,
  includesReplayed,
  partitions,
}: ReplayDetail): Children {
  const { connectors = [], ...others } = filter;
  const filters = [['connector', connectors.join(', ')], ...Object.entries(others)].filter(
    (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
  );
  return html`<dl class="facts">
    <dt>Source</dt>
    <dd>${source}, ${counted(partitions.length, 'partition')}</dd>
    ${filters.map(
      ([name, value]) =>
        html`<dt>Only ${name}</dt>
          <dd>${h(Visible, { text: value })}</dd>`,
    )}
    <dt>Forced</dt>
    <dd>${force ? 'yes: delivered again, once' : 'no'}</dd>
    ${
      includesReplayed
        ? html`<dt>Copies</dt>
            <dd>of earlier replays too</dd>`
        : null
    }
    <dt>Started</dt>
    <dd>${h(Moment, { at: startedAt })}</dd>
    <dt>Last active</dt>
    <dd>${h(Moment, { at: lastActiveAt })}</dd>
  </dl>`;
}
