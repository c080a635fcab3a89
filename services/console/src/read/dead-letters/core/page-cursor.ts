/** Where the next page of dead letters begins, as text for a URL: `events:0:123,commands:2:77`. Pure. */
import type { PageBounds } from './dead-letter-index.ts';

export function formatCursor(bounds: PageBounds): string {
  return [...bounds].map(([place, offset]) => `${place}:${offset}`).join(',');
}

/** Undefined for other text. */
export function parseCursor(text: string): PageBounds | undefined {
  const bounds = new Map<string, number>();
  for (const part of text.split(',')) {
    const match = /^((?:events|commands):\d{1,9}):(\d{1,16})$/.exec(part);
    if (match?.[1] === undefined) return undefined;
    bounds.set(match[1], Number(match[2]));
  }
  return bounds;
}
