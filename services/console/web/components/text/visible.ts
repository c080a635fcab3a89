/** Text that others sent, in which nothing hides. */
import { cutText, visibleSegments } from '../../core/visible-text.ts';
import { html, type Children } from '../html.ts';

const MAX_LENGTH = 400;

export interface VisibleProps {
  readonly text: string;
  readonly maxLength?: number;
}

/** Of one line or a few: an id, a name, a message. What is longer is cut, with its beginning in view. */
export function Visible({ text, maxLength = MAX_LENGTH }: VisibleProps): Children {
  const cut = cutText(text, maxLength);
  return html`<bdi class="foreign">${marked(cut)}${cut.length < text.length ? '…' : ''}</bdi>`;
}

export function marked(text: string): Children {
  const segments = visibleSegments(text);
  const [first] = segments;
  if (first === undefined) return '';
  if (segments.length === 1 && first.kind === 'plain') return first.text;
  return segments.map((segment) =>
    segment.kind === 'plain'
      ? segment.text
      : html`<span class="hidden-mark" title=${segment.name}>${segment.shown}</span>`,
  );
}
