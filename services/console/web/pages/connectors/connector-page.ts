/** One connector: how it is doing, its settings, its dead letters, and what an administrator may change. */
import type { ConnectorAnswer, ConnectorDelivery, ConnectorSettings } from '../../api/answers.ts';
import { apiPath } from '../../api/client.ts';
import { h, html, type Children } from '../../components/html.ts';
import { Link } from '../../components/link.ts';
import { Count, Seconds } from '../../components/figures/moments.ts';
import { EmptyNote } from '../../components/notes.ts';
import { PageHead } from '../../components/page-head.ts';
import { Loaded, Panel } from '../../components/panel.ts';
import { Visible } from '../../components/text/visible.ts';
import { counted, formatRate, groupDigits } from '../../core/digits.ts';
import { panelOf, shownOf } from '../../core/resource-state.ts';
import { formatDuration } from '../../core/times.ts';
import type { PageProps } from '../../shell/page-props.ts';
import { api } from '../../state/session.ts';
import { useResource } from '../../state/use-resource.ts';
import { GroupTable } from '../dead-letters/group-table.ts';
import { ConnectorActions } from './connector-actions.ts';
import { StateBadges } from './state-badges.ts';

const REFRESH_MS = 5_000;

export function ConnectorPage({ route }: PageProps): Children {
  const { id = '' } = route.params;
  const path = `/connectors${apiPath(id)}`;
  const resource = useResource((signal) => api.get<ConnectorAnswer>(path, {}, signal), {
    key: path,
    refreshMs: REFRESH_MS,
  });
  const { state, reload: onRetry } = resource;
  const settings = panelOf(state, (body) => body.settings);
  const delivery = panelOf(state, (body) => body.delivery);
  return html`
    ${h(PageHead, {
      title: settings.kind === 'ready' ? h(Visible, { text: settings.value.name }) : h(Visible, { text: id }),
      intro: html`Connector <code>${h(Visible, { text: id })}</code>`,
      actions:
        settings.kind === 'ready'
          ? h(StateBadges, {
              enabled: settings.value.enabled,
              delivery: delivery.kind === 'ready' ? delivery.value : undefined,
            })
          : null,
    })}
    ${delivery.kind === 'ready' && delivery.value.isHalted ? haltedNote(id) : null}
    ${h(Loaded<ConnectorAnswer>, {
      shown: shownOf(state),
      onRetry,
      children: (answer) =>
        html`<div class="grid">
          ${h(Panel<ConnectorDelivery>, { title: 'Delivery', shown: delivery, onRetry, children: deliveryFacts })}
          ${h(Panel<RatesValue>, { title: 'Rates', shown: panelOf(state, (body) => body.rates), onRetry, children: rateFacts })}
          ${h(Panel<UnreadValue>, { title: 'Not read yet', shown: panelOf(state, (body) => body.unread), onRetry, children: unreadFacts })}
          <div class="wide">
            ${h(Panel<ConnectorSettings>, { title: 'Settings', shown: settings, onRetry, children: (value) => html`${settingFacts(value)}${h(ConnectorActions, { settings: value, onChange: onRetry })}` })}
          </div>
          <section class="panel wide" aria-labelledby="dead">
            <h2 id="dead">Dead letters</h2>
            ${
              answer.deadLetters.groups.length === 0
                ? h(EmptyNote, {
                    title: 'None waits.',
                    children: 'Everything of this connector was delivered, skipped or still waits for its call.',
                  })
                : html`${h(GroupTable, { groups: answer.deadLetters.groups, query: { connector: id } })}
                    <p>
                      ${h(Link, { to: ['dead-letters'], query: { connector: id }, class: 'button main', children: 'Redrive or dismiss them' })}
                    </p>`
            }
          </section>
        </div>`,
    })}
  `;
}

type RatesValue = Extract<ConnectorAnswer['rates'], { kind: 'ready' }>['value'];
type UnreadValue = Extract<ConnectorAnswer['unread'], { kind: 'ready' }>['value'];

function haltedNote(id: string): Children {
  return html`<div class="note bad">
    <p>
      <strong>Astrolabe refuses the key of this connector.</strong> Its commands wait, and none is lost. One probe at a
      time tests whether the key works.
    </p>
    <p>
      Give it a key that works, below. What became a dead letter meanwhile can then be
      ${h(Link, { to: ['dead-letters'], query: { connector: id }, children: 'redriven' })}.
    </p>
  </div>`;
}

function deliveryFacts({ circuit, callsInFlight, callsLimit, waiting, lag }: ConnectorDelivery): Children {
  return html`<dl class="facts">
    <dt>Circuit</dt>
    <dd>${circuit}</dd>
    <dt>Calls in flight</dt>
    <dd>${h(Count, { value: callsInFlight })} of at most ${h(Count, { value: callsLimit })}</dd>
    <dt>Waiting for their call</dt>
    <dd>${h(Count, { value: waiting })}</dd>
    <dt>Lag</dt>
    <dd>
      ${lag === undefined ? 'none of its own' : html`${h(Count, { value: lag.records })} behind, ${h(Seconds, { seconds: lag.seconds })}`}
    </dd>
  </dl>`;
}

function rateFacts({ overSeconds, rates }: RatesValue): Children {
  const rows = [
    ['Received', rates.receivedPerSecond],
    ['Rejected', rates.rejectedPerSecond],
    ['Delivered', rates.deliveredPerSecond],
    ['Duplicate', rates.duplicatePerSecond],
    ['Dead', rates.deadPerSecond],
    ['Retries', rates.retriesPerSecond],
  ] as const;
  return html`<dl class="facts">
      ${rows.map(
        ([name, rate]) =>
          html`<dt>${name}</dt>
            <dd>${formatRate(rate)} a second</dd>`,
      )}
    </dl>
    <p class="faint">Over the last ${formatDuration(overSeconds * 1_000)}.</p>`;
}

function unreadFacts({ services }: UnreadValue): Children {
  return html`<dl class="facts">
      ${services.map(
        ({ service, records }) =>
          html`<dt>${service}</dt>
            <dd>about ${counted(records, 'record')}</dd>`,
      )}
    </dl>
    <p>${h(Link, { to: ['lag'], children: 'Lag of the services' })}</p>`;
}

function settingFacts(settings: ConnectorSettings): Children {
  const {
    enabled,
    freeEmailProviders,
    allowedEmailDomains,
    deniedEmailDomains,
    apiKey,
    writeKeys,
    hasWebhookSecret,
    limits,
  } = settings;
  return html`<dl class="facts">
    <dt>Switched</dt>
    <dd>${enabled ? 'on' : 'off: its events are refused'}</dd>
    <dt>Free email providers</dt>
    <dd>${freeEmailProviders === 'allow' ? 'let through' : 'skipped'}</dd>
    ${domains('Domains let through', allowedEmailDomains)}${domains('Domains skipped', deniedEmailDomains)}
    <dt>API key</dt>
    <dd>${keyText(apiKey)}</dd>
    <dt>Write keys</dt>
    <dd>${writeKeys.length === 0 ? 'none' : writeKeys.map((key) => html`<div>${keyText(key)}</div>`)}</dd>
    <dt>Webhook secret</dt>
    <dd>${hasWebhookSecret ? 'set' : 'none'}</dd>
    <dt>Events it may send</dt>
    <dd>
      ${limit(limits.eventsPerSecond, 'a second')}${limits.burst === undefined ? '' : `, ${groupDigits(limits.burst)} at once`}
    </dd>
    <dt>Calls</dt>
    <dd>
      ${limit(limits.callsPerSecond, 'a second')}${limits.maxConcurrentCalls === undefined ? '' : `, ${groupDigits(limits.maxConcurrentCalls)} in flight`}${limits.bulk ? ', shared' : ''}
    </dd>
  </dl>`;
}

function domains(name: string, list: readonly string[] | undefined): Children {
  return list === undefined || list.length === 0
    ? null
    : html`<dt>${name}</dt>
        <dd>${list.map((domain) => html`<div>${h(Visible, { text: domain })}</div>`)}</dd>`;
}

function keyText(key: ConnectorSettings['apiKey']): Children {
  return key.kind === 'known'
    ? html`fingerprint <code>${key.fingerprint}</code>`
    : html`cannot be read: ${h(Visible, { text: key.reason })}`;
}

function limit(value: number | undefined, unit: string): string {
  if (value === undefined) return 'as the services are set';
  return value === 0 ? 'without limit' : `${groupDigits(value)} ${unit}`;
}
