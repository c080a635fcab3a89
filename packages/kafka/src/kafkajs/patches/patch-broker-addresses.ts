/**
 * A patch of kafkajs 2.2.4: it takes what is before the first colon of a broker's address for the host, which is `[` of
 * `[::1]:9092`.
 */
import { splitAddress } from '../../broker-address.ts';
import { replaceExport, type Patch } from './patch.ts';

interface Destination {
  readonly host?: string;
  readonly port?: number;
  readonly rack?: string;
}
interface Builder {
  build(destination?: Destination): Promise<unknown>;
}
type CreateBuilder = (options: { readonly brokers: unknown }) => Builder;

export function splitBrokerAddresses(): Patch {
  return replaceExport<CreateBuilder>('cluster/connectionPoolBuilder', (original) => (options) => {
    const builder = original(options);
    const { brokers } = options;
    let next = 0;
    return {
      build: (destination = {}) => {
        if (destination.host !== undefined || !Array.isArray(brokers)) return builder.build(destination);
        const broker = (brokers as readonly string[])[next++ % brokers.length];
        return builder.build(broker === undefined ? destination : { ...destination, ...splitAddress(broker) });
      },
    };
  });
}
