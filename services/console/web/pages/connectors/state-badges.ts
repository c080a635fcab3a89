import type { ConnectorDelivery } from '../../api/answers.ts';
import { Badge } from '../../components/figures/badge.ts';
import { h, html, type Children } from '../../components/html.ts';

export interface StateBadgesProps {
  readonly enabled: boolean;
  readonly delivery: ConnectorDelivery | undefined;
}

/** The worst first. */
export function StateBadges({ enabled, delivery }: StateBadgesProps): Children {
  const badges: Children[] = [];
  if (delivery?.isHalted) badges.push(h(Badge, { tone: 'bad', children: 'halted: key refused' }));
  else if (delivery?.circuit === 'open') badges.push(h(Badge, { tone: 'bad', children: 'circuit open' }));
  else if (delivery?.circuit === 'probing') badges.push(h(Badge, { tone: 'warn', children: 'probing' }));
  if (delivery?.lag !== undefined) badges.push(h(Badge, { tone: 'warn', children: 'lagging' }));
  if (!enabled) badges.push(h(Badge, { tone: 'off', children: 'switched off' }));
  if (badges.length === 0)
    badges.push(
      h(Badge, {
        tone: delivery === undefined ? 'off' : 'good',
        children: delivery === undefined ? 'not called yet' : 'delivering',
      }),
    );
  return html`<span class="badges">${badges}</span>`;
}
