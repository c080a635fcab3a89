/** Sends a test event and follows it to the API's answer. */
import { useSignal } from '@preact/signals';
import type { Hop, TrailAnswer } from '../../api/answers.ts';
import { apiPath } from '../../api/client.ts';
import { ActionButton } from '../../components/dialogs/action.ts';
import { Badge, type Tone } from '../../components/figures/badge.ts';
import { h, html, type Children } from '../../components/html.ts';
import { Link } from '../../components/link.ts';
import { ProblemNote, sentence } from '../../components/notes.ts';
import { Visible } from '../../components/text/visible.ts';
import type { Problem } from '../../core/resource-state.ts';
import { formatDuration } from '../../core/times.ts';
import { api, changes } from '../../state/session.ts';
import { useResource } from '../../state/use-resource.ts';

type Sent =
  | { readonly kind: 'not-sent' }
  | { readonly kind: 'sending' }
  | { readonly kind: 'refused'; readonly problem: Problem }
  | { readonly kind: 'sent'; readonly messageId: string };

export function TestEvent({ id, isMain = false }: { readonly id: string; readonly isMain?: boolean }): Children {
  const sent = useSignal<Sent>({ kind: 'not-sent' });
  const state = sent.value;
  const send = async (): Promise<void> => {
    sent.value = { kind: 'sending' };
    const answer = await changes.sendTestEvent(id);
    sent.value =
      answer.kind === 'problem'
        ? { kind: 'refused', problem: answer.problem }
        : { kind: 'sent', messageId: answer.body.messageId };
  };
  return html`<div class="test-event">
    <p>
      ${h(ActionButton, { action: 'send-test-event', isMain, isBusy: state.kind === 'sending', onClick: () => void send(), children: state.kind === 'sent' ? 'Send another test event' : 'Send a test event' })}
    </p>
    ${state.kind === 'refused' ? h(ProblemNote, { problem: state.problem }) : null}
    ${state.kind === 'sent' ? h(Following, { messageId: state.messageId, key: state.messageId }) : null}
  </div>`;
}

const FOLLOW_MS = 1_000;

function Following({ messageId }: { readonly messageId: string; readonly key?: string }): Children {
  const isOver = useSignal(false);
  const path = `/trail${apiPath('message', messageId)}`;
  const { state } = useResource((signal) => api.get<TrailAnswer>(path, {}, signal), {
    key: path,
    ...(!isOver.value && { refreshMs: FOLLOW_MS }),
  });
  const hops = state.kind === 'ready' ? state.value.hops : [];
  const last = hops.at(-1);
  isOver.value = last !== undefined && (last.role === 'delivery' || last.role === 'dead letter');
  return html`<ol class="steps-live" aria-live="polite">
      <li>${h(Badge, { tone: 'good', children: 'sent' })} message ${h(Visible, { text: messageId })}</li>
      ${hops.map((hop) => html`<li key=${`${hop.role} ${hop.topic} ${hop.offset}`}>${hopLine(hop)}</li>`)}
      ${isOver.value ? null : html`<li class="faint">${state.kind === 'failed' ? sentence(state.problem.detail) : 'Waiting for what comes next…'}</li>`}
    </ol>
    <p>${h(Link, { to: ['trail', 'message', messageId], children: 'Its whole trail' })}</p>`;
}

const ROLES: Readonly<Record<Hop['role'], readonly [Tone, string]>> = {
  event: ['good', 'stored'],
  command: ['good', 'mapped'],
  delivery: ['good', 'answered'],
  'dead letter': ['bad', 'dead letter'],
};

function hopLine({ role, laterMs, type, status, outcome, code, message }: Hop): Children {
  const [tone, word] = ROLES[role];
  return html`${h(Badge, { tone: outcome === 'dead-lettered' ? 'bad' : tone, children: word })}
  ${type === undefined ? '' : h(Visible, { text: type })}
  ${outcome === undefined ? '' : ` ${outcome}${status === undefined ? '' : ` with ${status}`}`}
  ${code === undefined ? '' : html` <code>${h(Visible, { text: code })}</code> ${h(Visible, { text: message ?? '' })}`}
  ${laterMs === undefined ? '' : html` <span class="faint">+${formatDuration(laterMs)}</span>`}`;
}
