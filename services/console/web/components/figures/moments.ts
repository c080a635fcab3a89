/** Times and numbers in the page. */
import { formatAgo, formatDuration, showTime } from '../../core/times.ts';
import { groupDigits, type Digits } from '../../core/digits.ts';
import { nowMinuteMs, nowMs } from '../../state/clock.ts';
import { h, html, type Children } from '../html.ts';

/** Local time; UTC in its title. */
export function Moment({ at }: { readonly at: string }): Children {
  const shown = showTime(at, nowMinuteMs.value);
  if (shown === undefined) return at;
  return html`<time datetime=${at} title=${shown.utc}>${shown.local}</time>`;
}

/** A sentence of the server, with the times in it as the reader has them. */
export function WithMoments({ text }: { readonly text: string }): Children {
  const parts = text.split(/(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z)/);
  return parts.map((part, index) => (index % 2 === 1 ? h(Moment, { at: part }) : part));
}

/** How long ago; both times in its title. */
export function Ago({ at }: { readonly at: string }): Children {
  const shown = showTime(at, nowMs.value);
  if (shown === undefined) return at;
  return html`<time datetime=${at} title=${`${shown.local} here, ${shown.utc}`}>${formatAgo(at, nowMs.value)}</time>`;
}

export function Count({ value }: { readonly value: Digits }): Children {
  return html`<span class="digits">${groupDigits(value)}</span>`;
}

/** `seconds` undefined: not known. */
export function Seconds({ seconds }: { readonly seconds: number | undefined }): Children {
  return seconds === undefined ? html`<span class="faint">not known</span>` : formatDuration(seconds * 1_000);
}
