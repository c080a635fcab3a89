/**
 * Loaded into a mapper before all else: where the file `SECOND_RULES` exists when it starts, it maps by the rules of
 * `second-map-event.ts`, as a mapper of a later release would.
 */
import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';

const first = new URL('../../services/mapper/src/core/map-event.ts', import.meta.url).href;
const second = new URL('./second-map-event.ts', import.meta.url).href;

if (existsSync(process.env['SECOND_RULES'] ?? '')) {
  registerHooks({
    resolve: (specifier, context, next) => {
      const resolved = next(specifier, context);
      return resolved.url === first && context.parentURL !== second ? { ...resolved, url: second } : resolved;
    },
  });
}
