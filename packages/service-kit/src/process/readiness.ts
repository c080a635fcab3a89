/** Whether a service can do its work now. `reasons` say why not; empty when it is ready. */
export interface Readiness {
  readonly ready: boolean;
  readonly reasons: readonly string[];
}
