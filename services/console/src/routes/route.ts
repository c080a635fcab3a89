/** An endpoint of the console's API: written by its area, composed in `route-table.ts`, served by `server/`. */
import type { ConsoleActionName } from '@astrolabe/operations/audited-actions';
import type { ZodType } from 'zod';

/** Each role may do what the ones before it may. A reader may also see payloads. */
export const roles = ['viewer', 'reader', 'replayer', 'admin'] as const;
export type Role = (typeof roles)[number];

/** A change that an operator can switch off by name, with `CONSOLE_DISABLED_ACTIONS`. */
export type ActionName = ConsoleActionName;

/** Who asks, as the audit record names them. */
export interface Caller {
  readonly name: string;
  readonly role: Role;
  /** IP address of the client, as the trusted proxies give it. */
  readonly address: string;
}

export interface ApiRequest {
  readonly params: Readonly<Record<string, string>>;
  /** As sent, once the route's schema has accepted it. One value a name; repeated names are refused with 400. */
  readonly query: Readonly<Record<string, string>>;
  /** Parsed JSON, as the route's schema gives it back. Undefined where the route has no schema for it. */
  readonly body: unknown;
  readonly caller: Caller;
  /** Aborted when the client leaves or the service stops. */
  readonly signal: AbortSignal;
}

/** `id` is the position to go on from after it: browsers send it back as `Last-Event-ID`. */
export interface ServerSentEvent {
  readonly id?: string;
  readonly event: string;
  readonly data: object;
}

export interface Refusal {
  readonly kind: 'refused';
  /** Of the error catalogue. */
  readonly code: string;
  readonly status: 400 | 403 | 404 | 409 | 410 | 422 | 429 | 503;
  /** What happened, why, and what to do. */
  readonly message: string;
}

export type ApiAnswer =
  /** 200 */
  | { readonly kind: 'json'; readonly body: object }
  /** 202: a job that goes on after the answer. */
  | { readonly kind: 'accepted'; readonly body: object }
  /** A file. Each element is one line, with its line break. */
  | {
      readonly kind: 'download';
      readonly fileName: string;
      readonly contentType: string;
      readonly lines: AsyncIterable<string>;
    }
  /**
   * `text/event-stream`. The next event is asked for once the client has taken the ones before, so that a slow client
   * costs no memory here; a source that many clients share bounds what it keeps for each.
   */
  | { readonly kind: 'stream'; readonly events: AsyncIterable<ServerSentEvent> }
  /** `application/problem+json` */
  | Refusal;

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/api/v1`: `/dead-letters/:topic/:partition/:offset`. */
  readonly path: string;
  readonly role: Role;
  /** Set where the route changes something: it can be switched off, and is refused when the console is read-only. */
  readonly action?: ActionName;
  /** For the OpenAPI document: one sentence without a full stop. */
  readonly summary: string;
  /** An object of strings. A name that it lacks is refused with 400. Absent: the route takes no query. */
  readonly query?: ZodType;
  /** Absent: the route takes no body. */
  readonly body?: ZodType;
  /** What a `json` or `accepted` answer is, or the data of each event of a `stream`, or a line of a `download`. */
  readonly answer: ZodType;
  /** How it answers when it does not refuse. Default: `json`. */
  readonly answers?: Exclude<ApiAnswer['kind'], 'refused'>;
  readonly handle: (request: ApiRequest) => Promise<ApiAnswer>;
}
