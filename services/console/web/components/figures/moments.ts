/** Times and numbers in the page. */
import { formatAgo, formatDuration, showTime } from '../../core/times.ts';
import { groupDigits, type Digits } from '../../core/digits.ts';
import { nowMinuteMs, nowMs } from '../../state/clock.ts';
import { html, type Children } from '../html.ts';

/** Local time; UTC in its title. */
export function Moment({ at }: { readonly at: string }): Children {
  const shown = showTime(at, nowMinuteMs.value);
  if (shown === undefined) return at;
  return html`<time datetime=${at} title=${shown.utc}>${shown.local}</time>`;
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
