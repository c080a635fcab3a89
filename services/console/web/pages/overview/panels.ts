/** The small panels of the overview. */
import { Badge } from '../../components/figures/badge.ts';
import { h, html, type Children } from '../../components/html.ts';
import { Link } from '../../components/link.ts';
import { Count, Seconds } from '../../components/figures/moments.ts';
import { EmptyNote, sentence } from '../../components/notes.ts';
import { SparkLine } from '../../components/figures/spark-line.ts';
import { Visible } from '../../components/text/visible.ts';
import { counted, formatRate } from '../../core/digits.ts';
import { formatDuration } from '../../core/times.ts';
import type {
  FindingsValue,
  FreshnessValue,
  InstancesValue,
  ThroughputValue,
  TroubleValue,
  WaitingValue,
} from './values.ts';

export function FreshnessView({ freshness }: { readonly freshness: FreshnessValue }): Children {
  const { deliveries, p50AtMostSeconds, p95AtMostSeconds, p99AtMostSeconds } = freshness;
  if (deliveries === 0) return h(EmptyNote, { title: 'Nothing was delivered in this time.' });
  const quantiles = [
    ['half of them', p50AtMostSeconds],
    ['95 of 100', p95AtMostSeconds],
    ['99 of 100', p99AtMostSeconds],
  ] as const;
  return html`<p>From receipt to Astrolabe’s answer, ${counted(deliveries, 'delivery', 'deliveries')}:</p>
    <dl class="facts">
      ${quantiles.map(
        ([name, seconds]) =>
          html`<dt>${name}</dt>
            <dd>${seconds === undefined ? 'not known' : `within ${formatDuration(seconds * 1_000)}`}</dd>`,
      )}
    </dl>`;
}

export function ThroughputView({ throughput }: { readonly throughput: ThroughputValue }): Children {
  const { receivedPerSecond, deliveredPerSecond, points } = throughput;
  return html`<dl class="facts">
      <dt>Received</dt>
      <dd>${formatRate(receivedPerSecond)} a second</dd>
      <dt>Delivered</dt>
      <dd>${formatRate(deliveredPerSecond)} a second</dd>
    </dl>
    ${h(SparkLine, {
      label: `Received and delivered events a second, ${counted(points.length, 'point')}`,
      lines: [
        { name: 'received', values: points.map((point) => point.receivedPerSecond) },
        { name: 'delivered', values: points.map((point) => point.deliveredPerSecond) },
      ],
    })}`;
}

export function WaitingList({ waiting }: { readonly waiting: WaitingValue }): Children {
  return html`<ul class="rows">
      ${waiting.services.map(
        ({ service, records, isEstimate, behindSeconds, catchUpSeconds }) =>
          html`<li>
            <strong>${service}</strong>
            <span
              >${isEstimate ? 'about ' : ''}${h(Count, { value: records })}
              ${records === 1 ? 'record' : 'records'}</span
            >
            <span class="faint">
              ${records === 0 ? 'up to date' : html`the oldest ${h(Seconds, { seconds: behindSeconds })} old${caughtUp(catchUpSeconds)}`}
            </span>
          </li>`,
      )}
    </ul>
    <p>${h(Link, { to: ['lag'], children: 'Lag by partition and connector' })}</p>`;
}

function caughtUp(seconds: number | undefined): string {
  return seconds === undefined ? ', not catching up' : `, caught up in ${formatDuration(seconds * 1_000)}`;
}

export function TroubleList({ connectors }: { readonly connectors: TroubleValue }): Children {
  const { halted, failing, lagging } = connectors;
  if (halted.length + failing.length + lagging.length === 0)
    return h(EmptyNote, { title: 'None.', children: 'Every connector is called as usual.' });
  const row = (connector: string, tone: 'bad' | 'warn', word: string, more: Children): Children =>
    html`<li>
      ${h(Link, { to: ['connectors', connector], children: h(Visible, { text: connector }) })}
      ${h(Badge, { tone, children: word })}
      <span class="faint">${more}</span>
    </li>`;
  return html`<ul class="rows">
    ${halted.map((connector) => row(connector, 'bad', 'halted', 'Astrolabe refuses its key'))}
    ${failing.map((connector) => row(connector, 'bad', 'failing', 'its calls fail, and only probes are made'))}
    ${lagging.map(({ connector, records, seconds }) =>
      row(
        connector,
        'warn',
        'lagging',
        html`${h(Count, { value: records })}
        behind${seconds === undefined ? '' : `, ${formatDuration(seconds * 1_000)}`}`,
      ),
    )}
  </ul>`;
}

export function FindingList({ findings }: FindingsValue): Children {
  if (findings.length === 0)
    return h(EmptyNote, {
      title: 'No warning and no problem.',
      children: h(Link, { to: ['doctor'], children: 'What was examined' }),
    });
  return html`<ul class="rows">
      ${findings.map(
        ({ level, about, fact }) =>
          html`<li>
            ${h(Badge, { tone: level === 'problem' ? 'bad' : 'warn', children: level })}
            <strong>${h(Visible, { text: about })}</strong>
            <span>${h(Visible, { text: sentence(fact) })}</span>
          </li>`,
      )}
    </ul>
    <p>${h(Link, { to: ['doctor'], children: 'What they mean, and what to do' })}</p>`;
}

export function InstanceList({ instances }: InstancesValue): Children {
  if (instances.length === 0) {
    return h(EmptyNote, {
      title: 'No instance is watched.',
      children:
        'Counts and rates come from the services themselves: name their addresses in the console’s configuration.',
    });
  }
  return html`<ul class="rows">
    ${instances.map(
      ({ service, url, version, state, message }) =>
        html`<li>
          <strong>${service}</strong>
          ${h(Badge, { tone: state === 'watched' ? 'good' : 'bad', children: state })}
          <span class="faint"
            >${url}${version === undefined ? '' : `, version ${version}`}${message === undefined ? '' : html`: ${h(Visible, { text: message })}`}</span
          >
        </li>`,
    )}
  </ul>`;
}
