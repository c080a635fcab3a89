/**
 * Who has to do something about it.
 * - `operator`: runs the pipeline (cluster, configuration, network)
 * - `sender`: the system that posts events
 * - `customer`: owns the connector (keys, toggles, plan)
 * - `developer`: maintains this project
 */
export type WhoActs = 'operator' | 'sender' | 'customer' | 'developer';

export interface ErrorCatalogueEntry {
  /** What happened, and what to do about it. One or two sentences of plain text. */
  readonly meaning: string;
  readonly whoActs: WhoActs;
}
