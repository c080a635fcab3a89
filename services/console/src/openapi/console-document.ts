import { documentedRoutes } from '../routes/route-table.ts';
import { openApiDocument } from './document.ts';
import { loginOperations } from './login-operations.ts';

/** As `schemas/openapi/console.yaml` has it. */
export function consoleDocument(): object {
  return openApiDocument([...loginOperations, ...documentedRoutes()]);
}
