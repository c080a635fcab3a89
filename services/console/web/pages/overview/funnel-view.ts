/** The way of events and commands, step by step, each with its share of what it came from and its change. */
import type { ComparedFunnel, Funnel } from '../../api/answers.ts';
import { Bar, type Tone } from '../../components/figures/badge.ts';
import { h, html, type Children } from '../../components/html.ts';
import { Link } from '../../components/link.ts';
import { Count, WithMoments } from '../../components/figures/moments.ts';
import { sentence } from '../../components/notes.ts';
import { Visible } from '../../components/text/visible.ts';
import { formatChange, formatShare } from '../../core/digits.ts';

interface Step {
  readonly name: string;
  readonly tone: Tone;
  readonly count: number | undefined;
  readonly before: number | undefined;
  readonly whole: number;
  readonly to?: readonly string[];
  readonly parts?: readonly { readonly reason: string; readonly count: number }[];
}

export interface FunnelViewProps {
  readonly funnel: ComparedFunnel;
  readonly waiting: number | undefined;
}

export function FunnelView({ funnel, waiting }: FunnelViewProps): Children {
  const { now, before, exactness } = funnel;
  return html`
    ${
      exactness.kind === 'exact'
        ? null
        : html`<p class="faint">
            At least so many. ${h(WithMoments, { text: exactness.reasons.map(sentence).join(' ') })}
          </p>`
    }
    <div class="funnel">
      <div>
        <h3>Events</h3>
        <ol>
          ${eventSteps(now, before).map(drawn)}
        </ol>
      </div>
      <div>
        <h3>Commands</h3>
        <ol>
          ${commandSteps(now, before, waiting).map(drawn)}
        </ol>
      </div>
    </div>
  `;
}

function eventSteps({ events }: Funnel, before: Funnel | undefined): readonly Step[] {
  const whole = events.received;
  const was = before?.events;
  return [
    { name: 'Received', tone: 'busy', count: events.received, before: was?.received, whole },
    { name: 'Rejected', tone: 'warn', count: events.rejected, before: was?.rejected, whole },
    { name: 'Skipped', tone: 'off', count: events.skipped, before: was?.skipped, whole, parts: events.skippedBy },
    {
      name: 'Dead',
      tone: 'bad',
      count: events.dead,
      before: was?.dead,
      whole,
      parts: events.deadBy,
      to: ['dead-letters'],
    },
    { name: 'Mapped', tone: 'good', count: events.mapped, before: was?.mapped, whole },
  ];
}

function commandSteps({ commands }: Funnel, before: Funnel | undefined, waiting: number | undefined): readonly Step[] {
  const whole = commands.made;
  const was = before?.commands;
  return [
    { name: 'Made', tone: 'busy', count: commands.made, before: was?.made, whole },
    { name: 'Waiting now', tone: 'warn', count: waiting, before: undefined, whole, to: ['lag'] },
    {
      name: 'Dead',
      tone: 'bad',
      count: commands.dead,
      before: was?.dead,
      whole,
      parts: commands.deadBy,
      to: ['dead-letters'],
    },
    { name: 'Duplicate', tone: 'off', count: commands.duplicate, before: was?.duplicate, whole },
    { name: 'Delivered', tone: 'good', count: commands.delivered, before: was?.delivered, whole },
  ];
}

function drawn({ name, tone, count, before, whole, to, parts = [] }: Step): Children {
  if (count === undefined) return html`<li class="step"><span>${name}</span><span class="faint">not known</span></li>`;
  const share = whole === 0 ? 0 : count / whole;
  const change = before === undefined ? undefined : formatChange(count, before);
  const title = count > 0 && to !== undefined ? h(Link, { to, children: name }) : name;
  return html`<li class="step">
    <span>${title}</span>
    ${h(Bar, { share, tone, label: `${name}: ${formatShare(share)}` })}
    <span class="step-count">${h(Count, { value: count })}</span>
    <span class="step-change faint">${change ?? ''}</span>
    ${
      parts.length === 0
        ? null
        : html`<ul class="step-parts">
            ${parts.map((part) => html`<li><code>${h(Visible, { text: part.reason })}</code> ${h(Count, { value: part.count })}</li>`)}
          </ul>`
    }
  </li>`;
}
