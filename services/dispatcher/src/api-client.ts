import type { ApiRequest } from './core/api-request.ts';
import type { ApiOutcome } from './core/classify-response.ts';

/**
 * Makes one call to the Astrolabe API. Called by the dispatch handler, once for each attempt, from many lanes at once.
 *
 * Resolves with whatever came of it; what the network does is an outcome, not a rejection. Rejects only with the reason of
 * `signal` when that aborts, whether or not the call has had its effect by then.
 */
export interface ApiClient {
  call(request: ApiRequest, apiKey: string, signal: AbortSignal): Promise<ApiOutcome>;
  close(): Promise<void>;
}
