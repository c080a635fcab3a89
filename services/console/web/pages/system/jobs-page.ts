/** Changes that go on after their answer. They are in the audit, and survive the console. */
import { useSignal } from '@preact/signals';
import type { JobAnswer, JobsAnswer } from '../../api/answers.ts';
import { ActionButton } from '../../components/dialogs/action.ts';
import { Badge, Bar, type Tone } from '../../components/figures/badge.ts';
import { DataTable, type Column } from '../../components/data-table.ts';
import { h, html, type Children } from '../../components/html.ts';
import { Moment } from '../../components/figures/moments.ts';
import { EmptyNote, ProblemNote, sentence } from '../../components/notes.ts';
import { PageHead } from '../../components/page-head.ts';
import { Loaded } from '../../components/panel.ts';
import { Visible } from '../../components/text/visible.ts';
import { formatShare, groupDigits, wordsOf } from '../../core/digits.ts';
import { shownOf, type Problem } from '../../core/resource-state.ts';
import type { PageProps } from '../../shell/page-props.ts';
import { api, changes } from '../../state/session.ts';
import { useResource } from '../../state/use-resource.ts';

const REFRESH_MS = 2_000;
const TONES: Readonly<Record<JobAnswer['state'], Tone>> = {
  waiting: 'warn',
  running: 'busy',
  cancelling: 'warn',
  done: 'good',
  failed: 'bad',
  cancelled: 'off',
};

export function JobsPage({ route }: PageProps): Children {
  const problem = useSignal<Problem | undefined>(undefined);
  const resource = useResource((signal) => api.get<JobsAnswer>('/jobs', {}, signal), {
    key: 'jobs',
    refreshMs: REFRESH_MS,
  });
  const cancel = async (id: string): Promise<void> => {
    const answer = await changes.cancelJob(id);
    problem.value = answer.kind === 'problem' ? answer.problem : undefined;
    resource.reload();
  };
  const marked = route.query['id'];
  return html`
    ${h(PageHead, { title: 'Jobs', intro: 'Redrives and dismissals of many. They go on without this page, and after the console was restarted.' })}
    ${problem.value === undefined ? null : h(ProblemNote, { problem: problem.value })}
    ${h(Loaded<JobsAnswer>, {
      shown: shownOf(resource.state),
      onRetry: resource.reload,
      children: ({ jobs }) =>
        jobs.length === 0
          ? h(EmptyNote, {
              title: 'There is no job.',
              children: 'One appears when dead letters are redriven or dismissed. What has ended is in the audit.',
            })
          : h(DataTable<JobAnswer>, {
              caption: 'Jobs',
              rows: jobs,
              columns: columns((id) => void cancel(id)),
              keyOf: ({ id }) => id,
              toneOf: ({ id }) => (id === marked ? 'marked-row' : undefined),
            }),
    })}
  `;
}

function columns(onCancel: (id: string) => void): readonly Column<JobAnswer>[] {
  return [
    {
      name: 'Job',
      cell: ({ action, about }) =>
        html`<strong>${action}</strong>
          <div>${h(Visible, { text: about })}</div>`,
    },
    { name: 'State', cell: ({ state }) => h(Badge, { tone: TONES[state], children: state }) },
    { name: 'Progress', cell: progress },
    {
      name: 'Begun',
      cell: ({ begunAt, who }) =>
        html`${h(Moment, { at: begunAt })}
          <div class="faint">by ${h(Visible, { text: who })}</div>`,
    },
    {
      name: 'Cancel',
      isNameHidden: true,
      cell: ({ id, state }) =>
        state === 'running' || state === 'waiting'
          ? h(ActionButton, { action: 'cancel-job', onClick: () => onCancel(id), children: 'Cancel' })
          : null,
    },
  ];
}

function progress({ progress: made, state, message, counts }: JobAnswer): Children {
  const told = Object.entries(counts ?? {}).map(([name, count]) => `${wordsOf(name)} ${groupDigits(count)}`);
  const share = made?.total === undefined || made.total === 0 ? 0 : made.done / made.total;
  const isUnderWay = state === 'running' || state === 'cancelling';
  return html`
    ${
      isUnderWay && made !== undefined
        ? html`${h(Bar, { share, label: `${formatShare(share)} done` })}
            <span class="faint"
              >${groupDigits(made.done)}${made.total === undefined ? '' : ` of ${groupDigits(made.total)}`} read</span
            >`
        : told.join(', ')
    }
    ${message === undefined ? null : h(Visible, { text: sentence(message) })}
  `;
}
