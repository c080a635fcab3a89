/** What an error code means and who has to act, from the one error catalogue. Pure. */
import { errorCatalogue, type ErrorCatalogueEntry } from '@astrolabe/service-kit/errors';

/** Undefined for a code that this version does not know. */
export function causeOf(code: string): { meaning: string; whoActs: ErrorCatalogueEntry['whoActs'] } | undefined {
  const entries: Readonly<Record<string, ErrorCatalogueEntry | undefined>> = errorCatalogue;
  const entry = Object.hasOwn(entries, code) ? entries[code] : undefined;
  return entry && { meaning: entry.meaning, whoActs: entry.whoActs };
}
