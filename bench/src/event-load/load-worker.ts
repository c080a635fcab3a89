/** The sending side of `run-event-load.ts`, in a thread of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { batchRequest, singleRequest } from './events.ts';
import { monotonicMs } from './monotonic.ts';
import type { EventLoad, LoadMessage } from './run-event-load.ts';
import { SendingConnection } from './sending-connection.ts';

const load = workerData as EventLoad;
const { url, writeKey, users, first, events, connections: count } = load;
const target = { host: new URL(url).host, writeKey, users };

const connections = await Promise.all(Array.from({ length: count }, () => SendingConnection.open(url)));
const startedAtMs = monotonicMs();
let isStopped = false;
parentPort?.once('message', () => (isStopped = true));
// The one who waits for the end of this thread must not wait for a message that never comes.
parentPort?.unref();
parentPort?.postMessage({ startedAtMs } satisfies LoadMessage);
const sentAtMs =
  load.kind === 'batches'
    ? await sendBatches(load.eventsPerRequest)
    : await sendAtPace(load.eventsPerSecond, load.eventsPerRequest ?? 1);
for (const connection of connections) connection.close();
parentPort?.postMessage({ sentAtMs } satisfies LoadMessage);

/** As fast as they are answered: each connection sends its next batch when the last one is acknowledged. */
async function sendBatches(eventsPerRequest: number): Promise<Float64Array> {
  let next = 0;
  await Promise.all(
    connections.map(async (connection) => {
      while (next < events) {
        const start = next;
        const length = Math.min(eventsPerRequest, events - start);
        next += length;
        await connection.send(batchRequest(target, first + start, length));
      }
    }),
  );
  return new Float64Array(0);
}

/**
 * Evenly, whatever becomes of what was sent before. The events of a user share a connection, so that each is sent when
 * the one before it is acknowledged: only then is their order known. What waits for that waits in its latency.
 */
async function sendAtPace(eventsPerSecond: number, eventsPerRequest: number): Promise<Float64Array> {
  const noted = new Float64Array(events);
  const answers: Promise<void>[] = [];
  const failed = Promise.withResolvers<never>();
  let sent = 0;
  const sendAll = async (): Promise<void> => {
    while (sent < events && !isStopped) {
      const due = Math.min(events, 1 + Math.floor(((monotonicMs() - startedAtMs) * eventsPerSecond) / 1_000));
      while (sent < due) {
        const index = first + sent;
        const length = Math.min(eventsPerRequest, events - sent);
        const request = eventsPerRequest === 1 ? singleRequest(target, index) : batchRequest(target, index, length);
        noted.fill(monotonicMs(), sent, sent + length);
        sent += length;
        const answer = connections[(index % users) % count]?.send(request) ?? Promise.resolve();
        answer.catch(failed.reject);
        answers.push(answer);
      }
      await sleep(Math.max(1, startedAtMs + (sent * 1_000) / eventsPerSecond - monotonicMs()));
    }
    await Promise.all(answers);
  };
  await Promise.race([sendAll(), failed.promise]);
  return noted.slice(0, sent);
}
