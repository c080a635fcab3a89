import { announce } from '../../state/announcer.ts';
import { html, type Children } from '../html.ts';

export interface CopyButtonProps {
  readonly text: string;
  /** What is copied, for those who do not see what it stands beside: `Copy stored event`. */
  readonly label: string;
  /** What the button says. */
  readonly children?: Children;
}

/** Copies the text as it is, marks for hidden characters left out. */
export function CopyButton({ text, label, children = 'Copy' }: CopyButtonProps): Children {
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      announce('Copied.');
    } catch {
      announce(
        'The browser does not let this page copy: it is served without TLS, or was refused. Select the text instead.',
      );
    }
  };
  return html`<button type="button" class="quiet" aria-label=${label} onClick=${() => void copy()}>
    ${children}
  </button>`;
}
