/** Dead letters by what went wrong, and what can be done about all of them that match. */
import { useSignal } from '@preact/signals';
import type { DeadLetterGroupAnswer, DeadLetterGroupsAnswer } from '../../api/answers.ts';
import type { DeadLetterSelection } from '../../api/changes.ts';
import { ActionButton } from '../../components/dialogs/action.ts';
import { DecisionDialog } from '../../components/dialogs/decision-dialog.ts';
import { FilterForm, type FilterField } from '../../components/filter-form.ts';
import { h, html, type Children } from '../../components/html.ts';
import { Count } from '../../components/figures/moments.ts';
import { EmptyNote } from '../../components/notes.ts';
import { PageHead } from '../../components/page-head.ts';
import { Loaded } from '../../components/panel.ts';
import { counted } from '../../core/digits.ts';
import { shownOf } from '../../core/resource-state.ts';
import type { PageProps } from '../../shell/page-props.ts';
import { api, changes, hasRole } from '../../state/session.ts';
import { useResource } from '../../state/use-resource.ts';
import { DismissDialog } from './dismiss-dialog.ts';
import { GroupTable } from './group-table.ts';
import { IndexNote } from './index-note.ts';
import { RecordList } from './record-list.ts';

const FIELDS: readonly FilterField[] = [
  {
    kind: 'choice',
    name: 'topic',
    label: 'Failed as',
    choices: [
      ['', 'Event or command'],
      ['events', 'Event'],
      ['commands', 'Command'],
    ],
  },
  { kind: 'text', name: 'connector', label: 'Connector' },
  { kind: 'text', name: 'code', label: 'Cause' },
  { kind: 'time', name: 'from', label: 'From' },
  { kind: 'time', name: 'to', label: 'Until' },
];

const REFRESH_MS = 10_000;

export function DeadLettersPage({ route }: PageProps): Children {
  const { topic, connector, code, from, to } = route.query;
  const selection: DeadLetterSelection = { topic, connector, code, from, to };
  const resource = useResource((signal) => api.get<DeadLetterGroupsAnswer>('/dead-letters', { ...selection }, signal), {
    key: JSON.stringify(selection),
    refreshMs: REFRESH_MS,
  });
  return html`
    ${h(PageHead, { title: 'Dead letters', intro: 'What could not be delivered, by cause and connector. Nothing here is lost: it waits for somebody to decide.' })}
    ${h(FilterForm, { label: 'Filter the dead letters', fields: FIELDS })}
    ${h(Loaded<DeadLetterGroupsAnswer>, {
      shown: shownOf(resource.state),
      onRetry: resource.reload,
      children: (answer) => h(Groups, { answer, selection, onChange: resource.reload }),
    })}
  `;
}

interface GroupsProps {
  readonly answer: DeadLetterGroupsAnswer;
  readonly selection: DeadLetterSelection;
  readonly onChange: () => void;
}

function Groups({ answer, selection, onChange }: GroupsProps): Children {
  const { index, groups, waiting, redriven, dismissed } = answer;
  const isNarrowed = Object.values(selection).some((part) => part !== undefined && part !== '');
  return html`
    ${h(IndexNote, { index })}
    ${
      groups.length === 0
        ? h(EmptyNote, {
            title: isNarrowed ? 'No dead letter matches.' : 'There are no dead letters.',
            children: isNarrowed
              ? 'Loosen the filters above.'
              : 'Everything that came was delivered, skipped or still waits for its call.',
          })
        : html`
            <p>
              <strong>${h(Count, { value: waiting })} ${waiting === 1 ? 'waits' : 'wait'}</strong>;
              ${' '}${h(Count, { value: redriven })} redriven, ${h(Count, { value: dismissed })} dismissed.
            </p>
            ${h(BulkActions, { waiting, groups, selection, onChange })}
            ${h(GroupTable, { groups, query: { ...selection } })}
          `
    }
    ${isNarrowed && hasRole('viewer') ? h(RecordList, { query: { ...selection } }) : null}
  `;
}

interface BulkProps {
  readonly waiting: number;
  readonly groups: readonly DeadLetterGroupAnswer[];
  readonly selection: DeadLetterSelection;
  readonly onChange: () => void;
}

function BulkActions({ waiting, groups, selection, onChange }: BulkProps): Children {
  const open = useSignal<'redrive' | 'dismiss' | undefined>(undefined);
  const close = (): void => {
    open.value = undefined;
    onChange();
  };
  const causes = new Set(groups.map(({ code }) => code)).size;
  return html`<div class="toolbar">
      ${
        waiting === 0
          ? null
          : html`${h(ActionButton, { action: 'redrive', isMain: true, onClick: () => (open.value = 'redrive'), children: 'Redrive all that match' })}
            ${h(ActionButton, { action: 'dismiss', onClick: () => (open.value = 'dismiss'), children: 'Dismiss all that match' })}`
      }
      ${hasRole('replayer') ? html`<a class="button" download href=${api.url('/dead-letters/export', { ...selection })}>Export as JSON lines</a>` : null}
    </div>
    ${
      open.value === 'redrive'
        ? h(DecisionDialog, {
            title: 'Redrive dead letters',
            verb: 'Redrive',
            noun: 'dead letter',
            countOf: ({ counts }) => counts['redriven'] ?? 0,
            plan: () => changes.planRedrive(selection),
            execute: changes.execute,
            onClose: close,
            children: `They go back to their topics and are handled again: ${counted(causes, 'cause')}. Each is sent once, however often this is tried.`,
          })
        : null
    }
    ${open.value === 'dismiss' ? h(DismissDialog, { selection, onClose: close }) : null}`;
}
