/** How the demo and the tour tell what they do. */
import type { Screen } from './screen.ts';

/** Told of everything as it happens. */
export interface StepReport {
  /** A step begins. */
  step(number: number, title: string): void;
  /** Something that was checked and holds; `label` is who showed it. */
  fact(label: string, text: string): void;
}

const LABEL_WIDTH = 9;

export function reportOn({ line, style }: Pick<Screen, 'line' | 'style'>): StepReport {
  return {
    step: (number, title) => {
      line();
      line(style.strong(`${number}. ${title}`));
    },
    fact: (label, text) => line(`   ${style.faint(label.padEnd(LABEL_WIDTH))} ${text}`),
  };
}
