/** What the dispatchers tell of their connectors at this moment, over all instances. Pure. */
import type { ConnectorDelivery } from '../../shapes/connectors.ts';
import { gaugeNames, type GaugeName } from './counted.ts';
import { parseSeries } from './sample-reader.ts';

const circuits = ['closed', 'probing', 'open'] as const;

/** Of one instance each. Calls and commands add up; of circuits the worst counts, and of ages the oldest. */
export function readConnectors(
  instances: readonly ReadonlyMap<string, number>[],
): ReadonlyMap<string, ConnectorDelivery> {
  const values = new Map<string, Map<GaugeName, number[]>>();
  for (const samples of instances) {
    for (const [series, value] of samples) {
      const { name, labels } = parseSeries(series);
      const { connector } = labels;
      const gauge = gaugeNames.find((each) => each === name);
      if (gauge === undefined || connector === undefined) continue;
      const own = values.get(connector) ?? new Map<GaugeName, number[]>();
      values.set(connector, own);
      own.set(gauge, [...(own.get(gauge) ?? []), value]);
    }
  }
  return new Map([...values].map(([connector, own]) => [connector, toDelivery(connector, own)]));
}

function toDelivery(connector: string, own: ReadonlyMap<GaugeName, readonly number[]>): ConnectorDelivery {
  const sum = (name: GaugeName): number => (own.get(name) ?? []).reduce((total, value) => total + value, 0);
  const most = (name: GaugeName): number => Math.max(0, ...(own.get(name) ?? []));
  const ages = own.get('dispatcher_connector_lag_seconds');
  const isLagging = own.has('dispatcher_connector_lag_records') || ages !== undefined;
  return {
    connector,
    circuit: circuits[most('dispatcher_circuit_state')] ?? 'open',
    isHalted: most('dispatcher_halted_connectors') > 0,
    callsInFlight: sum('dispatcher_in_flight_calls'),
    callsLimit: sum('dispatcher_concurrency_limit_calls'),
    waiting: sum('dispatcher_waiting_commands'),
    ...(isLagging
      ? {
          lag: {
            records: sum('dispatcher_connector_lag_records'),
            ...(ages === undefined ? {} : { seconds: Math.max(...ages) }),
          },
        }
      : {}),
  };
}
