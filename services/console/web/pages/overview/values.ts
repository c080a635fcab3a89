/** What each panel of the overview shows. */
import type { Overview } from '../../api/answers.ts';

type ValueOf<Name extends keyof Overview> = Extract<Overview[Name], { kind: 'ready' }>['value'];

export type FunnelValue = ValueOf<'funnel'>;
export type FreshnessValue = ValueOf<'freshness'>;
export type ThroughputValue = ValueOf<'throughput'>;
export type WaitingValue = ValueOf<'waiting'>;
export type TroubleValue = ValueOf<'connectors'>;
export type FindingsValue = ValueOf<'findings'>;
export type InstancesValue = ValueOf<'instances'>;
