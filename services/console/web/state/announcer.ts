/** What screen readers say when something happens away from where the reader is. */
import { signal } from '@preact/signals';

export const announcement = signal('');

export function announce(text: string): void {
  // The same words again are a change too.
  announcement.value = announcement.value === text ? `${text}\u00a0` : text;
}
