/** Which variables `templates/_environment.tpl` sets, read from its text. */
import { readChartFile } from './chart-files.ts';

export interface SetVariable {
  readonly name: string;
  /** Set for all values: it stands outside of every condition. */
  readonly always: boolean;
}

/** Of a component, with what its template includes. */
export function variablesSetFor(component: string): readonly SetVariable[] {
  return variablesOf(`astrolabe.environment.${component}`, readDefinitions());
}

function variablesOf(template: string, definitions: ReadonlyMap<string, readonly string[]>): readonly SetVariable[] {
  const lines = definitions.get(template);
  if (lines === undefined) throw new Error(`_environment.tpl does not define ${template}`);
  let depth = 0;
  return lines.flatMap((line) => {
    if (/^\{\{-? (if|with|range) /.test(line)) depth += 1;
    if (/^\{\{-? end /.test(line)) depth -= 1;
    const always = depth === 0;
    const included = /^\{\{ include "(astrolabe\.environment\.[a-z]+)" \. \}\}$/.exec(line)?.[1];
    if (included !== undefined) {
      return variablesOf(included, definitions).map((variable) => ({ ...variable, always: variable.always && always }));
    }
    const name = /^([A-Z][A-Z0-9_]+): /.exec(line)?.[1];
    return name === undefined ? [] : [{ name, always }];
  });
}

/** Lines between `define` and the `end` that belongs to it. */
function readDefinitions(): ReadonlyMap<string, readonly string[]> {
  const text = readChartFile('templates/_environment.tpl');
  return new Map(
    [...text.matchAll(/^\{\{- define "([^"]+)" -\}\}\n([\s\S]*?)^\{\{- end -\}\}$/gm)].map(
      ([, name = '', body = '']) => [name, body.split('\n')],
    ),
  );
}
