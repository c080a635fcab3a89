/** The thread that reads costly bodies. It ends with its process, or when it runs out of memory. */
import { randomUUID } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { present } from '@astrolabe/service-kit/errors';
import { blocksOf, createCallAnswerer, type ReadingCall } from './reading-calls.ts';

const port = present(parentPort ?? undefined, 'the port of a thread');
const answer = createCallAnswerer({ monotonicMs: () => performance.now(), newMessageId: randomUUID });

port.on('message', (call: ReadingCall) => {
  const result = answer(call);
  port.postMessage(result, blocksOf(result));
});
