import { stripTypeScriptTypes } from 'node:module';

/**
 * TypeScript as the JavaScript that browsers run: types become spaces, so lines and columns stay. Node calls the
 * function experimental and says so on standard error; a test pins what it does, so nobody has to read that at each
 * start.
 */
export function stripTypes(text: string): string {
  const emitWarning = process.emitWarning;
  process.emitWarning = (warning: string | Error, ...more: unknown[]) => {
    if (String(warning).includes('stripTypeScriptTypes')) return;
    (emitWarning as (...given: unknown[]) => void).call(process, warning, ...more);
  };
  try {
    return stripTypeScriptTypes(text);
  } finally {
    process.emitWarning = emitWarning;
  }
}
