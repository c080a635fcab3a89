/** Light or dark: as the system has it, until the reader chooses. */
import { signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';

const NAME = 'astrolabe-console-theme';

export const theme = signal<Theme>(stored());

export function chooseTheme(next: Theme): void {
  theme.value = next;
  if (next === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = next;
  try {
    localStorage.setItem(NAME, next);
  } catch {
    // A browser that keeps nothing: the choice holds for this tab.
  }
}

function stored(): Theme {
  try {
    const name = localStorage.getItem(NAME);
    return name === 'light' || name === 'dark' ? name : 'system';
  } catch {
    return 'system';
  }
}
