/** One record or call of a trail. */
import type { Hop, Payload, RebuiltRequest } from '../../api/answers.ts';
import { Badge, type Tone } from '../../components/figures/badge.ts';
import { h, html, type Children } from '../../components/html.ts';
import { Link } from '../../components/link.ts';
import { Moment } from '../../components/figures/moments.ts';
import { sentence } from '../../components/notes.ts';
import { PayloadView } from '../../components/text/payload.ts';
import { RequestView } from '../../components/text/request-view.ts';
import { Visible } from '../../components/text/visible.ts';
import { groupDigits } from '../../core/digits.ts';
import { formatDuration } from '../../core/times.ts';

const TONES: Readonly<Record<Hop['role'], Tone>> = {
  event: 'busy',
  command: 'busy',
  'dead letter': 'bad',
  delivery: 'good',
};

export function HopView({ hop }: { readonly hop: Hop; readonly key?: string }): Children {
  const { role, at, laterMs, topic, partition, offset, outcome, status } = hop;
  return html`<li class="hop">
    <div class="hop-head">
      ${h(Badge, { tone: outcome === 'dead-lettered' ? 'bad' : TONES[role], children: role })} ${h(Moment, { at })}
      ${laterMs === undefined ? null : html`<span class="faint">${laterMs < 0 ? `${formatDuration(laterMs)} before, by another clock` : `+${formatDuration(laterMs)}`}</span>`}
      ${outcome === undefined ? null : html`<strong>${outcome}${status === undefined ? '' : `, answer ${status}`}</strong>`}
      <span class="faint">${topic}, partition ${partition}, offset ${groupDigits(offset)}</span>
    </div>
    ${facts(hop)} ${failure(hop)}
    ${hop.waits === undefined ? null : html`<p class="note warn">${h(Visible, { text: sentence(hop.waits.message) })}</p>`}
    ${payloads(hop)}
  </li>`;
}

function facts({ connector, type, event, user, account, messageId, commandId, forcedId, ledger }: Hop): Children {
  const entries: readonly (readonly [string, Children])[] = [
    ['Connector', connector && h(Link, { to: ['connectors', connector], children: h(Visible, { text: connector }) })],
    ['Type', type && h(Visible, { text: type })],
    ['Event', event && h(Visible, { text: event })],
    ['User', user && h(Link, { to: ['trail', 'user', user], children: h(Visible, { text: user }) })],
    ['Account', account && h(Visible, { text: account })],
    [
      'Message id',
      messageId && h(Link, { to: ['trail', 'message', messageId], children: h(Visible, { text: messageId }) }),
    ],
    [
      'Command id',
      commandId && h(Link, { to: ['trail', 'command', commandId], children: h(Visible, { text: commandId }) }),
    ],
    ['Forced delivery', forcedId && h(Visible, { text: forcedId })],
    [
      'Ledger',
      ledger &&
        html`${ledger.outcome}${ledger.status === undefined ? '' : `, answer ${ledger.status}`},
        ${h(Moment, { at: ledger.at })}`,
    ],
  ];
  const known = entries.filter(([, value]) => value);
  if (known.length === 0) return null;
  return html`<dl class="facts inline">
    ${known.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

function failure({ role, code, message, cause, topic, partition, offset }: Hop): Children {
  if (role !== 'dead letter') return null;
  return html`<div class="note bad">
    <p>
      <code>${h(Visible, { text: code ?? 'unknown' })}</code>
      ${h(Visible, { text: sentence(message ?? ''), maxLength: 2_000 })}
    </p>
    ${cause === undefined ? null : html`<p>${cause.meaning} It is for the ${cause.whoActs} to act.</p>`}
    <p>${h(Link, { to: ['dead-letters', topic, String(partition), offset], children: 'Open it, to send it again' })}</p>
  </div>`;
}

function payloads({ role, stored, decoded, request }: Hop): Children {
  const parts: readonly (readonly [string, Payload | undefined])[] = [
    [role === 'event' ? 'Stored event' : 'Stored record', decoded === undefined ? stored : undefined],
    ['Decoded command', decoded],
  ];
  const shown = parts.filter((part): part is readonly [string, Payload] => part[1] !== undefined);
  if (shown.length === 0 && request === undefined) return null;
  return html`<details>
    <summary>${request === undefined ? 'What is stored' : 'What is stored, and the call that it stands for'}</summary>
    ${shown.map(([label, payload]) => h(PayloadView, { label, payload }))} ${requestOf(request)}
  </details>`;
}

function requestOf(request: RebuiltRequest | undefined): Children {
  return request === undefined ? null : h(RequestView, { request });
}
