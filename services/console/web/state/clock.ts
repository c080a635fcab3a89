/** The present, for ages that count up. It stands still while the tab is hidden. */
import { signal } from '@preact/signals';

const TICK_MS = 1_000;

export const nowMs = signal(Date.now());

export function startClock(): void {
  setInterval(() => {
    if (!document.hidden) nowMs.value = Date.now();
  }, TICK_MS);
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) nowMs.value = Date.now();
  });
}
