/** The thread that reads costly bodies. It ends with its process, or when it runs out of memory. */
import { randomUUID } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { present } from '@astrolabe/service-kit/errors';
import { blocksOf, createCallAnswerer } from './reading-calls.ts';
import type { ToThread } from './reading-thread.ts';

const port = present(parentPort ?? undefined, 'the port of a thread');
const { answer, drop } = createCallAnswerer({ monotonicMs: () => performance.now(), newMessageId: randomUUID });

port.on('message', (message: ToThread) => {
  if (message.kind === 'drop') {
    drop(message.id);
    return;
  }
  const result = answer(message);
  port.postMessage(result, blocksOf(result));
});
