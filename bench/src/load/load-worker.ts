/**
 * The sending side, in a thread of its own: as many connections as asked, each with one request under way, until the
 * time is over.
 */
import { connect } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { buildTemplate, writeMessageIds, type RequestTemplate } from '../ingest/requests.ts';
import { AnswerReader } from './answer-reader.ts';
import type { LoadOptions, LoadResult } from './run-load.ts';

const { url, path, writeKey, connections, eventsPerRequest, isBatch, seconds, firstId } = workerData as LoadOptions;
const { hostname, port, host } = new URL(url);

let nextId = firstId;
const latenciesMs: number[] = [];
const startedAtMs = performance.now();
const endsAtMs = startedAtMs + seconds * 1000;

await Promise.all(
  Array.from({ length: connections }, (_, sender) =>
    keepSending(buildTemplate({ path, host, writeKey, events: eventsPerRequest, isBatch, sender })),
  ),
);
const result: LoadResult = {
  requests: latenciesMs.length,
  events: nextId - firstId,
  elapsedMs: performance.now() - startedAtMs,
  latenciesMs: Float64Array.from(latenciesMs),
};
parentPort?.postMessage(result);

/** Resolves when the last answer is there; rejects at the first that is not 200. */
function keepSending(template: RequestTemplate): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    const reader = new AnswerReader();
    let sentAtMs = 0;
    const send = (): void => {
      // The answer to the last request says that its bytes have been read, so that they may be overwritten.
      writeMessageIds(template, nextId);
      nextId += eventsPerRequest;
      sentAtMs = performance.now();
      socket.write(template.bytes);
    };
    socket.on('connect', send);
    socket.on('data', (chunk) => {
      try {
        const answer = reader.push(chunk);
        if (answer === undefined) return;
        if (answer.status !== 200) throw new Error(`${path} was answered ${answer.status}: ${answer.body}`);
        const nowMs = performance.now();
        latenciesMs.push(nowMs - sentAtMs);
        if (nowMs < endsAtMs) send();
        else {
          socket.end();
          resolve();
        }
      } catch (error) {
        socket.destroy();
        reject(error);
      }
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`${path}: the connection was closed under a request`)));
  });
}
