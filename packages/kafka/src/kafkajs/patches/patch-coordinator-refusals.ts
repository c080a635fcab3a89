/**
 * A patch of kafkajs 2.2.4: where a broker forbids to ask for a coordinator (of a group, of a transactional id), its
 * own code forgets why and says that there is none, which may pass. The refusal would be repeated without end and
 * without a reason.
 */
import { replaceMethods, type Patch } from './patch.ts';

interface BrokerPool {
  withBroker(this: BrokerPool, callback: (broker: object) => Promise<unknown>): Promise<unknown>;
}

/** The original tries one broker after the other, drops each error, and resolves with null. */
export function keepCoordinatorRefusals(): Patch {
  return replaceMethods<BrokerPool>('cluster/brokerPool', ({ withBroker }) => ({
    withBroker: async function (this: BrokerPool, callback): Promise<unknown> {
      let refusal: Error | undefined;
      const found = await withBroker.call(this, async (broker) => {
        try {
          return await callback(broker);
        } catch (error) {
          if (isRefusal(error)) refusal = error;
          throw error;
        }
      });
      if (found === null && refusal !== undefined) throw refusal;
      return found;
    },
  }));
}

function isRefusal(error: unknown): error is Error {
  const { type } = error as { readonly type?: unknown };
  return typeof type === 'string' && type.endsWith('AUTHORIZATION_FAILED');
}
