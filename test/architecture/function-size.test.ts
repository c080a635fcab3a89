/** A function that can be read without scrolling: what grows beyond is split by idea. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import ts from 'typescript';
import { readSources } from './source-files.ts';

const MAX_LINES = 70;

/**
 * What they are given is one scenario, told from its beginning to its end: a step that moves into a function of its own
 * takes the reader away from the order that the test is about.
 */
const scenarios = /^(?:test|suite|describe|t\.test)$/;

interface FunctionSize {
  /** `path name`. */
  readonly where: string;
  /** Of its body, the first and the last included. */
  readonly lines: number;
}

const allFunctions = readSources()
  .filter(({ path }) => !path.includes('/generated/'))
  .flatMap(({ path, text }) => functionsIn(path, text));

test(`the body of a function has at most ${MAX_LINES} lines`, () => {
  const tooLarge = allFunctions.filter(({ lines }) => lines > MAX_LINES);
  assert.deepEqual(tooLarge, []);
});

test('functions of every form are measured by their bodies; scenarios and lists of them are not', () => {
  const text = [
    'function long(',
    '  a: string,',
    '): void {',
    '  inner(() => {',
    '    a;',
    '  });',
    '}',
    "test('a scenario', () => {",
    '  const within = () =>',
    '    1;',
    '});',
    'function suiteOf() {',
    "  test('a scenario', () => {});",
    '}',
    'class Type {',
    '  get member() {',
    '    return 1;',
    '  }',
    '}',
  ].join('\n');
  assert.deepEqual(functionsIn('a.ts', text), [
    { where: 'a.ts long', lines: 5 },
    { where: 'a.ts in inner(…)', lines: 3 },
    { where: 'a.ts within', lines: 1 },
    { where: 'a.ts member', lines: 3 },
  ]);
});

function functionsIn(path: string, text: string): FunctionSize[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: FunctionSize[] = [];
  const lineAt = (position: number): number => source.getLineAndCharacterOfPosition(position).line;
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      const { body } = node;
      const lines = lineAt(body.getEnd()) - lineAt(body.getStart(source)) + 1;
      if (!isScenario(node) && !isListOfScenarios(body)) found.push({ where: `${path} ${nameOf(node)}`, lines });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function isScenario({ parent }: ts.Node): boolean {
  return ts.isCallExpression(parent) && scenarios.test(parent.expression.getText());
}

/** A contract suite: its length is that of its tests together. */
function isListOfScenarios(body: ts.Node): boolean {
  return (
    ts.isBlock(body) &&
    body.statements.some(
      (statement) =>
        ts.isExpressionStatement(statement) &&
        ts.isCallExpression(statement.expression) &&
        scenarios.test(statement.expression.expression.getText()),
    )
  );
}

function nameOf(node: ts.SignatureDeclaration): string {
  if (node.name !== undefined) return node.name.getText();
  const { parent } = node;
  if (ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent)) return parent.name.getText();
  return ts.isCallExpression(parent) ? `in ${parent.expression.getText()}(…)` : 'without a name';
}
