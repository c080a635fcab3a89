/** Single events at a steady rate, sent to whichever instance of ingest serves, until it is told to stop. */
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessage } from '@astrolabe/service-kit/errors';
import type { Instance } from './instances.ts';
import type { LiveEvents } from './live-events.ts';

/** In the properties of each event, and so in the call for it. */
export const NUMBER_PROPERTY = 'benchNumber';

export interface SteadyLoadOptions {
  readonly events: LiveEvents;
  readonly instances: readonly Instance[];
  readonly writeKey: string;
  readonly perSecond: number;
}

/** As an SDK would, or a load balancer: what one instance does not take, the other is asked for at once. */
const RETRY_PAUSE_MS = 20;
const GIVE_UP_AFTER_MS = 60_000;
const REQUEST_TIMEOUT_MS = 10_000;

export class SteadyLoad {
  readonly #options: SteadyLoadOptions;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #running: Promise<void>;
  readonly #failed = Promise.withResolvers<never>();
  #isStopped = false;

  constructor(options: SteadyLoadOptions) {
    this.#options = options;
    this.#failed.promise.catch(() => undefined);
    this.#running = this.#run();
  }

  /** Rejects when an event could not be sent. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
    this.#agent.destroy();
  }

  async #run(): Promise<void> {
    const { events, perSecond } = this.#options;
    const startedAtMs = performance.now();
    for (let sent = 0; !this.#isStopped; await sleep(1)) {
      for (const nowMs = performance.now(); ; sent += 1) {
        const dueAtMs = startedAtMs + (sent * 1_000) / perSecond;
        if (dueAtMs > nowMs) break;
        this.#send(events.due(dueAtMs)).catch((error: unknown) => this.#failed.reject(error as Error));
      }
    }
  }

  async #send(event: number): Promise<void> {
    const { instances, events } = this.#options;
    const body = JSON.stringify({
      type: 'track',
      event: 'Report Opened',
      userId: `user-${events.userOf(event)}`,
      messageId: `restart-${String(event).padStart(12, '0')}`,
      timestamp: new Date().toISOString(),
      properties: { [NUMBER_PROPERTY]: event, view: 'weekly revenue', currency: 'EUR' },
    });
    const giveUpAtMs = performance.now() + GIVE_UP_AFTER_MS;
    for (let attempt = event; ; attempt += 1) {
      const url = instances[attempt % instances.length]?.url;
      try {
        if (url !== undefined && (await this.#post(url, body)) === 200) return;
      } catch (error) {
        if (performance.now() > giveUpAtMs)
          throw new Error(`event ${event} was not taken: ${errorMessage(error)}`, { cause: error });
      }
      if (url !== undefined) await sleep(RETRY_PAUSE_MS);
    }
  }

  #post(url: string, body: string): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const call = request(
      `${url}/v1/track`,
      {
        method: 'POST',
        agent: this.#agent,
        timeout: REQUEST_TIMEOUT_MS,
        headers: {
          authorization: `Basic ${Buffer.from(`${this.#options.writeKey}:`).toString('base64')}`,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        },
      },
      (answer) => {
        answer.resume();
        answer.on('end', () => resolve(answer.statusCode ?? 0));
        answer.on('error', reject);
      },
    );
    call.on('timeout', () => call.destroy(new Error('no answer')));
    call.on('error', reject);
    call.end(body);
    return promise;
  }
}
