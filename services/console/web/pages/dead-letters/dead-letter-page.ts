/** One dead letter in full, and what can be done with it. */
import { useSignal } from '@preact/signals';
import type { DeadLetterAnswer } from '../../api/answers.ts';
import { apiPath } from '../../api/client.ts';
import type { DeadLetterSelection } from '../../api/changes.ts';
import { ActionButton } from '../../components/dialogs/action.ts';
import { Badge } from '../../components/figures/badge.ts';
import { DecisionDialog } from '../../components/dialogs/decision-dialog.ts';
import { h, html, type Children } from '../../components/html.ts';
import { Link } from '../../components/link.ts';
import { Moment } from '../../components/figures/moments.ts';
import { EmptyNote, sentence } from '../../components/notes.ts';
import { PageHead } from '../../components/page-head.ts';
import { Loaded } from '../../components/panel.ts';
import { PayloadView } from '../../components/text/payload.ts';
import { RequestView } from '../../components/text/request-view.ts';
import { Visible } from '../../components/text/visible.ts';
import { counted, formatBytes, groupDigits } from '../../core/digits.ts';
import { shownOf } from '../../core/resource-state.ts';
import type { PageProps } from '../../shell/page-props.ts';
import { api, changes, hasRole } from '../../state/session.ts';
import { useResource } from '../../state/use-resource.ts';
import { DismissDialog } from './dismiss-dialog.ts';
import { EditDialog } from './edit-dialog.ts';

export function DeadLetterPage({ route }: PageProps): Children {
  const { topic = '', partition = '', offset = '' } = route.params;
  const head = h(PageHead, {
    title: 'Dead letter',
    intro: html`${h(Visible, { text: topic })}, partition ${partition}, offset ${groupDigits(offset)}`,
  });
  if (!hasRole('reader')) {
    return html`${head}
    ${h(EmptyNote, { title: 'Single dead letters are not offered.', children: 'They show payloads, which takes the role reader. Ask an administrator of CONSOLE_ROLES.' })}`;
  }
  return html`${head}${h(DeadLetter, { topic, partition, offset })}`;
}

interface PositionProps {
  readonly topic: string;
  readonly partition: string;
  readonly offset: string;
}

/** From a decision until it is carried out. */
const FOLLOW_MS = 2_000;

function DeadLetter({ topic, partition, offset }: PositionProps): Children {
  const path = `/dead-letters${apiPath(topic, partition, offset)}`;
  const isDecided = useSignal(false);
  const resource = useResource((signal) => api.get<DeadLetterAnswer>(path, {}, signal), {
    key: path,
    ...(isDecided.value && { refreshMs: FOLLOW_MS }),
    isLast: ({ state }) => state !== 'waiting',
  });
  return h(Loaded<DeadLetterAnswer>, {
    shown: shownOf(resource.state),
    onRetry: resource.reload,
    children: (found) => html`
      ${h(Actions, { found, onDecided: () => (isDecided.value = true) })} ${cause(found)} ${facts(found)}
      <section class="panel" aria-labelledby="content">
        <h2 id="content">Content</h2>
        ${found.decoded === undefined ? null : h(PayloadView, { label: 'Decoded command', payload: found.decoded })}
        ${found.decoded === undefined ? h(PayloadView, { label: found.source === 'events' ? 'Stored event' : 'Stored record', payload: found.stored }) : null}
        ${found.request === undefined ? null : h(RequestView, { request: found.request })}
      </section>
      ${headers(found)}
    `,
  });
}

interface ActionsProps {
  readonly found: DeadLetterAnswer;
  /** A decision is under way: it is waited for. */
  readonly onDecided: () => void;
}

function Actions({ found, onDecided }: ActionsProps): Children {
  const open = useSignal<'redrive' | 'dismiss' | 'edit' | undefined>(undefined);
  const { topic, partition, offset, state, decision, exportLine } = found;
  const selection: DeadLetterSelection = { topic, offsets: `${partition}:${offset}` };
  const close = (isAccepted: boolean): void => {
    open.value = undefined;
    if (isAccepted) onDecided();
  };
  if (state !== 'waiting') {
    return html`<p class="note good">
      It was
      ${state}${decision === undefined ? '' : html` ${h(Moment, { at: decision.at })}`}${decision?.reason === undefined ? '' : html`: ${h(Visible, { text: decision.reason })}`}.
    </p>`;
  }
  return html`<div class="toolbar">
      ${h(ActionButton, { action: 'redrive', isMain: true, onClick: () => (open.value = 'redrive'), children: 'Redrive' })}
      ${exportLine === undefined ? null : h(ActionButton, { action: 'redrive-edited', onClick: () => (open.value = 'edit'), children: 'Edit, then redrive' })}
      ${h(ActionButton, { action: 'dismiss', onClick: () => (open.value = 'dismiss'), children: 'Dismiss' })}
    </div>
    ${exportLine === undefined ? html`<p class="faint">It cannot be edited here: values of it are masked, or are not text.</p>` : null}
    ${
      open.value === 'redrive'
        ? h(DecisionDialog, {
            title: 'Redrive this dead letter',
            verb: 'Redrive',
            noun: 'dead letter',
            countOf: ({ counts }) => counts['redriven'] ?? 0,
            plan: () => changes.planRedrive(selection),
            execute: changes.execute,
            onClose: close,
            children: 'It goes back to its topic and is handled again.',
          })
        : null
    }
    ${open.value === 'dismiss' ? h(DismissDialog, { selection, onClose: close }) : null}
    ${open.value === 'edit' && exportLine !== undefined ? h(EditDialog, { exportLine, onClose: close }) : null}`;
}

function cause({ code, message, cause: known }: DeadLetterAnswer): Children {
  return html`<div class="note bad">
    <p><code>${h(Visible, { text: code })}</code> ${h(Visible, { text: sentence(message), maxLength: 4_000 })}</p>
    ${known === undefined ? null : html`<p>${known.meaning} It is for the <strong>${known.whoActs}</strong> to act.</p>`}
  </div>`;
}

function facts(found: DeadLetterAnswer): Children {
  const { at, connector, messageId, commandId, receivedAt, redriveCount, cutBytes, senderTrust, wasOnTopic, state } =
    found;
  return html`<dl class="facts">
    <dt>State</dt>
    <dd>${h(Badge, { tone: state === 'waiting' ? 'warn' : 'off', children: state })}</dd>
    <dt>Since</dt>
    <dd>${h(Moment, { at })}</dd>
    <dt>Connector</dt>
    <dd>${h(Link, { to: ['connectors', connector], children: h(Visible, { text: connector }) })}</dd>
    ${
      messageId === undefined
        ? null
        : html`<dt>Message</dt>
            <dd>${h(Link, { to: ['trail', 'message', messageId], children: h(Visible, { text: messageId }) })}</dd>`
    }
    ${
      commandId === undefined
        ? null
        : html`<dt>Command</dt>
            <dd>${h(Link, { to: ['trail', 'command', commandId], children: h(Visible, { text: commandId }) })}</dd>`
    }
    ${
      receivedAt === undefined
        ? null
        : html`<dt>Received</dt>
            <dd>${h(Moment, { at: receivedAt })}</dd>`
    }
    <dt>Redriven before</dt>
    <dd>${counted(redriveCount, 'time')}</dd>
    <dt>Sender had</dt>
    <dd>${senderTrust === 'operator' ? 'an operator’s word' : `the ${senderTrust.replace('-', ' ')}`}</dd>
    ${
      wasOnTopic
        ? null
        : html`<dt>Was refused</dt>
            <dd>before it reached its topic</dd>`
    }
    ${
      cutBytes === 0
        ? null
        : html`<dt>Cut</dt>
            <dd>${formatBytes(cutBytes)} of it did not fit the dead letter</dd>`
    }
  </dl>`;
}

function headers({ key, headers: all }: DeadLetterAnswer): Children {
  return html`<details class="panel">
    <summary>Key and ${counted(all.length, 'header')}</summary>
    ${h(PayloadView, { label: 'Key', payload: key })}
    <dl class="facts">
      ${all.map(
        ({ name, value }) =>
          html`<dt><code>${h(Visible, { text: name })}</code></dt>
            <dd>${value.kind === 'text' ? h(Visible, { text: value.text, maxLength: 2_000 }) : value.kind}</dd>`,
      )}
    </dl>
  </details>`;
}
