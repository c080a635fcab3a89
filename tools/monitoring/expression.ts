/** What a PromQL expression asks for, by Prometheus's own grammar. */
import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

export interface Selector {
  readonly metric: string;
  readonly matchers: readonly { readonly label: string; readonly operator: string; readonly value: string }[];
}

export interface Expression {
  readonly selectors: readonly Selector[];
  /** Each list of labels, of `by`, `on` and the like, with the selectors that it is about. */
  readonly groupings: readonly { readonly labels: readonly string[]; readonly metrics: readonly string[] }[];
  /** What is not PromQL; empty as a rule. */
  readonly errors: readonly string[];
}

/** Grafana's variables are filled in before. */
export function readExpression(expr: string): Expression {
  const text = expr.replaceAll('$__rate_interval', '5m');
  const textOf = ({ from, to }: SyntaxNode): string => text.slice(from, to);
  const selectorsIn = (node: SyntaxNode): Selector[] => all(node, 'VectorSelector').map(toSelector);
  const toSelector = (node: SyntaxNode): Selector => ({
    metric: all(node, 'Identifier').map(textOf).join(''),
    matchers: all(node, 'UnquotedLabelMatcher').map((matcher) => ({
      label: all(matcher, 'LabelName').map(textOf).join(''),
      operator: all(matcher, 'MatchOp').map(textOf).join(''),
      value: all(matcher, 'StringLiteral')
        .map((literal) => textOf(literal).slice(1, -1))
        .join(''),
    })),
  });
  const root = parser.parse(text).topNode;
  const groupings = all(root, 'GroupingLabels').map((node) => {
    const about = enclosing(node);
    return {
      labels: all(node, 'LabelName').map(textOf),
      metrics: selectorsIn(about).map(({ metric }) => metric),
    };
  });
  return { selectors: selectorsIn(root), groupings, errors: all(root, '⚠').map((node) => text.slice(0, node.from)) };
}

/** The expression with one clause of its `and`, `or` and `unless` taken away, in each way that leaves an alert. */
export function withoutClauses(expr: string): readonly string[] {
  return all(parser.parse(expr).topNode, 'BinaryExpr').flatMap((node) => {
    const isOr = node.getChild('Or') !== null;
    if (!isOr && node.getChild('And') === null && node.getChild('Unless') === null) return [];
    const { firstChild, lastChild } = node;
    // What is after `and` or `unless` only narrows what is before it.
    const kept = isOr ? [firstChild, lastChild] : [firstChild];
    return kept
      .filter((clause) => clause !== null)
      .map(({ from, to }) => expr.slice(0, node.from) + expr.slice(from, to) + expr.slice(node.to));
  });
}

/** The aggregation or operation that a list of labels is part of. */
function enclosing(node: SyntaxNode): SyntaxNode {
  let about = node;
  while (about.parent !== null && about.name !== 'AggregateExpr' && about.name !== 'BinaryExpr') about = about.parent;
  return about;
}

function all(node: SyntaxNode, name: string): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  const walk = (at: SyntaxNode): void => {
    if (at.type.isError ? name === '⚠' : at.name === name) found.push(at);
    for (let child = at.firstChild; child !== null; child = child.nextSibling) walk(child);
  };
  walk(node);
  return found;
}
