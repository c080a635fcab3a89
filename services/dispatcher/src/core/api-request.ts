/** What the dispatcher sends: the request of a command or of many, and the trace that its call is part of. */
import type { ApiRequest as ContractRequest } from '@astrolabe/schemas';

export interface ApiRequest extends ContractRequest {
  /** Names and values, in turns: of the trace that the call is part of. Undefined without tracing. */
  readonly traceHeaders?: readonly string[] | undefined;
}
