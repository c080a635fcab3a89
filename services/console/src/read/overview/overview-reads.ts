/** The overview: parts that load and fail by themselves, made once for all tabs that look at the same period. */
import type { Clock } from '@astrolabe/service-kit/clock';
import type { ServerSentEvent } from '../../routes/route.ts';
import type { ContractReads } from '../contracts/contract-reads.ts';
import type { DeadLetterReads } from '../dead-letters/dead-letters.ts';
import type { LagWatch } from '../lag/lag-watch.ts';
import type { ServiceMetrics } from '../metrics/service-metrics.ts';
import { mapPanel, ready, toInstant } from '../panel.ts';
import type { Overview, Period } from '../shapes/overview.ts';
import type { Panel } from '../shapes/values.ts';
import { countedPanels } from './counted-panels.ts';

export interface OverviewReadsOptions {
  readonly metrics: ServiceMetrics;
  readonly lag: LagWatch;
  readonly deadLetters: DeadLetterReads;
  readonly contracts: ContractReads;
  readonly clock: Clock;
}

/** Services are asked, and lag is measured, less often. */
const STEP_MS = 2_000;

export class OverviewReads {
  readonly #options: OverviewReadsOptions;
  readonly #made = new Map<Period, { readonly overview: Overview; readonly untilMs: number }>();

  constructor(options: OverviewReadsOptions) {
    this.#options = options;
  }

  /** Waits for nothing. */
  overview(period: Period): Overview {
    const nowMs = this.#options.clock.monotonicMs();
    const made = this.#made.get(period);
    if (made !== undefined && nowMs < made.untilMs) return made.overview;
    const overview = this.#make(period);
    this.#made.set(period, { overview, untilMs: nowMs + STEP_MS });
    return overview;
  }

  /** The whole overview every two seconds. Nothing needs to be resumed. */
  async *changes(period: Period, signal: AbortSignal): AsyncGenerator<ServerSentEvent, void> {
    while (!signal.aborted) {
      yield { event: 'overview', data: this.overview(period) };
      await this.#options.clock.sleep(STEP_MS, signal).catch(() => undefined);
    }
  }

  #make(period: Period): Overview {
    const { metrics, lag, contracts, clock } = this.#options;
    const nowMs = clock.nowMs();
    const { doctor } = contracts.doctorSoFar();
    return {
      at: toInstant(nowMs),
      period,
      ...countedPanels(metrics, period, nowMs),
      waiting: mapPanel(lag.lag(), ({ services }) => ({
        services: services.map(({ service, total }) => ({
          service,
          records: total.records,
          isEstimate: total.isEstimate,
          behindSeconds: total.behindSeconds,
          catchUpSeconds: total.catchUpSeconds,
        })),
      })),
      deadLetters: this.#deadLetters(nowMs),
      findings: mapPanel(doctor, ({ findings }) => ({ findings: findings.filter(({ level }) => level !== 'ok') })),
      instances: metrics.instances(),
    };
  }

  #deadLetters(nowMs: number): Panel<{ waiting: number; isComplete: boolean }> {
    const { index, waiting } = this.#options.deadLetters.groups({});
    if (index.state === 'unavailable') return { kind: 'unavailable', message: index.message ?? '' };
    return ready({ waiting, isComplete: index.state === 'following' }, nowMs);
  }
}
