/** Events, commands, deliveries and dead letters as they come. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { LiveEvent, LiveRow } from '../../api/answers.ts';
import { FilterForm, type FilterField } from '../../components/filter-form.ts';
import { h, html, type Children } from '../../components/html.ts';
import { Count } from '../../components/figures/moments.ts';
import { EmptyNote, sentence } from '../../components/notes.ts';
import { PageHead } from '../../components/page-head.ts';
import { StreamNote, StreamProblem } from '../../components/stream-note.ts';
import { counted, groupDigits } from '../../core/digits.ts';
import {
  addRows,
  clear,
  countDropped,
  EMPTY_BUFFER,
  MAX_ROWS,
  pause,
  resume,
  type LiveBuffer,
} from '../../core/live-buffer.ts';
import type { StreamedEvent } from '../../core/sse-parser.ts';
import type { PageProps } from '../../shell/page-props.ts';
import { announce } from '../../state/announcer.ts';
import { api, hasRole } from '../../state/session.ts';
import { useStream } from '../../state/use-stream.ts';
import { LiveTable } from './live-table.ts';

const FIELDS: readonly FilterField[] = [
  {
    kind: 'choice',
    name: 'topics',
    label: 'What',
    choices: [
      ['', 'All of it'],
      ['events', 'Events'],
      ['commands', 'Commands'],
      ['replayed-commands', 'Replayed commands'],
      ['deliveries', 'Deliveries'],
      ['dead-letters', 'Dead letters'],
    ],
  },
  { kind: 'text', name: 'connector', label: 'Connector' },
  {
    kind: 'text',
    name: 'type',
    label: 'Type',
    choices: ['identify', 'group', 'track', 'page', 'screen', 'alias', 'delete'],
  },
  { kind: 'text', name: 'event', label: 'Event name' },
  { kind: 'text', name: 'user', label: 'User' },
  { kind: 'text', name: 'id', label: 'Message or command id' },
  { kind: 'text', name: 'text', label: 'Text in the payload' },
];

type TopicStates = Extract<LiveEvent, { topics: unknown }>['topics'];

export function LivePage({ route }: PageProps): Children {
  const buffer = useSignal<LiveBuffer<LiveRow>>(EMPTY_BUFFER);
  const notRead = useSignal(0);
  const topics = useSignal<TopicStates>([]);
  const filter = Object.fromEntries(FIELDS.map(({ name }) => [name, route.query[name]]));
  const url = hasRole('reader') ? api.url('/live/stream', filter) : undefined;
  const onEvents = (events: readonly StreamedEvent[]): void => {
    let next = buffer.peek();
    for (const { event, data } of events) {
      if (event !== 'rows' && event !== 'state') continue;
      const read = JSON.parse(data) as LiveEvent;
      if ('topics' in read) topics.value = read.topics;
      else {
        next = countDropped(addRows(next, read.rows), read.dropped);
        notRead.value += read.notRead;
      }
    }
    buffer.value = next;
  };
  const stream = useStream(url, onEvents);
  useEffect(() => {
    buffer.value = clear(buffer.peek());
    notRead.value = 0;
  }, [url]);
  if (url === undefined) return withheld();
  const togglePause = (): void => {
    const isPaused = buffer.value.held !== undefined;
    buffer.value = isPaused ? resume(buffer.value) : pause(buffer.value);
    announce(isPaused ? 'Live again.' : 'Paused.');
  };
  const { rows, held } = buffer.value;
  return html`
    ${h(PageHead, {
      title: 'Live',
      intro: `What comes, as it comes, newest first. At most ${groupDigits(MAX_ROWS)} rows are kept.`,
      actions: html`${h(StreamNote, { stream })}
        <button type="button" class="main" aria-pressed=${String(held !== undefined)} onClick=${togglePause}>
          ${held === undefined ? 'Pause' : `Resume${held.length > 0 ? ` (${groupDigits(held.length)} new)` : ''}`}
        </button>
        <button type="button" onClick=${() => (buffer.value = clear(buffer.value))}>Clear</button>`,
    })}
    ${h(FilterForm, { label: 'Filter the live rows', fields: FIELDS })} ${h(StreamProblem, { stream })}
    ${topics.value
      .filter(({ state }) => state === 'unavailable')
      .map(
        ({ topic, message }) =>
          html`<p class="note warn">${topic} cannot be read: ${sentence(message ?? 'the reason is not known')}</p>`,
      )}
    ${counts(buffer.value, notRead.value)}
    ${
      rows.length === 0
        ? h(EmptyNote, {
            title: emptyTitle(stream.phase === 'open', topics.value),
            children:
              'Rows appear when matching records are stored. Loosen the filters, or send a test event from a connector’s page.',
          })
        : h(LiveTable, { rows })
    }
  `;
}

/** Where a topic is not read yet, what comes now would not be shown. */
function emptyTitle(isOpen: boolean, topics: TopicStates): string {
  if (!isOpen) return 'Not connected yet.';
  const isReading = topics.length > 0 && topics.every(({ state }) => state !== 'starting');
  return isReading ? 'Nothing has come yet.' : 'The topics are being opened.';
}

function counts({ received, serverDropped, heldDropped, rows }: LiveBuffer<LiveRow>, notRead: number): Children {
  const lost = [
    serverDropped > 0 ? `${counted(serverDropped, 'row')} left out, because they came faster than they are sent` : '',
    heldDropped > 0 ? `${counted(heldDropped, 'row')} dropped during this pause` : '',
    notRead > 0 ? `${counted(notRead, 'record')} not looked at, because more came than the console reads` : '',
  ].filter((text) => text !== '');
  return html`<p class="faint">
    ${h(Count, { value: rows.length })} shown of ${h(Count, { value: received })} that came.
    ${lost.length === 0 ? null : html`<strong class="warn-text">${lost.join('; ')}. Narrow the filters to see all of them.</strong>`}
  </p>`;
}

function withheld(): Children {
  return html`${h(PageHead, { title: 'Live' })}
  ${h(EmptyNote, { title: 'The live view is not offered.', children: 'It shows payloads, which takes the role reader. Ask an administrator of CONSOLE_ROLES.' })}`;
}
