/** Which rows a tab wants to see. Pure. */
import type { LiveItem, LiveTopic } from './live-item.ts';

/** Each part that is given has to match. */
export interface TabFilter {
  readonly topics: ReadonlySet<LiveTopic>;
  readonly connector?: string | undefined;
  /** Of an event its type, of a command its kind; in any case of its characters. */
  readonly type?: string | undefined;
  readonly event?: string | undefined;
  readonly user?: string | undefined;
  /** A message id or a command id. */
  readonly id?: string | undefined;
  /** Part of what is shown of the value. */
  readonly text?: string | undefined;
}

export function matchesTab({ row, text }: LiveItem, filter: TabFilter): boolean {
  return (
    filter.topics.has(row.topic) &&
    (filter.connector === undefined || row.connector === filter.connector) &&
    (filter.type === undefined || row.type?.toLowerCase() === filter.type.toLowerCase()) &&
    (filter.event === undefined || row.event === filter.event) &&
    (filter.user === undefined || row.user === filter.user) &&
    (filter.id === undefined || row.messageId === filter.id || row.commandId === filter.id) &&
    (filter.text === undefined || text.includes(filter.text))
  );
}
