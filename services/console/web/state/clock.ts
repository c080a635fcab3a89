/** The present, for ages that count up. It stands still while the tab is hidden. */
import { computed, signal } from '@preact/signals';

const TICK_MS = 1_000;

export const nowMs = signal(Date.now());

/** For times of day, which look the same all day: a thousand of them are not drawn again each second. */
export const nowMinuteMs = computed(() => nowMs.value - (nowMs.value % 60_000));

export function startClock(): void {
  setInterval(() => {
    if (!document.hidden) nowMs.value = Date.now();
  }, TICK_MS);
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) nowMs.value = Date.now();
  });
}
