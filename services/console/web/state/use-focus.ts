/** Moves the focus to what has just appeared: else it would be lost with what was there before. */
import { useEffect, useRef } from 'preact/hooks';
import type { RefObject } from 'preact';

/**
 * Within the element of the reference, the first that `selector` finds is given the focus whenever `step` changes;
 * `isFirstMoved`: also when it is first drawn.
 */
export function useFocus<Element extends HTMLElement>(
  step: string,
  selector: string,
  isFirstMoved: boolean,
): RefObject<Element | null> {
  const within = useRef<Element>(null);
  const before = useRef(isFirstMoved ? undefined : step);
  useEffect(() => {
    if (before.current === step) return;
    before.current = step;
    within.current?.querySelector<HTMLElement>(selector)?.focus();
  }, [step]);
  return within;
}
