import type { ConsumedRecord } from '@astrolabe/records';
import type { ApiRequest } from '../core/api-request.ts';
import type { ApiOutcome } from '../core/classify-response.ts';

/** A call under way. */
export interface ApiCall {
  /** Gives it up, whether or not it has its effect by then: nothing comes of it here any more. */
  abort(): void;
}

/** Takes the outcome of a call. Not a function, so that a call costs no closure. */
export interface ApiCallReceiver {
  onOutcome(outcome: ApiOutcome): void;
}

/** A command that a call is made for. */
export interface CalledCommand {
  readonly connectorId: string;
  readonly record: ConsumedRecord;
  /** Attempts that have been answered. */
  readonly attemptsBefore: number;
}

/**
 * Makes calls to the Astrolabe API. Called by the scheduler of calls, once for each attempt, many at once.
 *
 * `onOutcome` is called once, never within `call`, whatever the outcome; what the network does is one. After `abort` it
 * is not called.
 */
export interface ApiClient {
  call(request: ApiRequest, apiKey: string, receiver: ApiCallReceiver, commands: readonly CalledCommand[]): ApiCall;
  /** Ends what is under way. */
  close(): Promise<void>;
}
