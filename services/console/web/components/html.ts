/**
 * Markup as tagged templates. What is put into them becomes text or attributes, never markup. Components are put in by
 * `h(Component, props)`, so that the compiler checks their props.
 */
import htm from 'htm';
import { h, type ComponentChildren } from 'preact';
import { withHtmlSpace } from '../core/template-space.ts';

type Template = (parts: readonly string[], ...values: readonly unknown[]) => ComponentChildren;

const read = htm.bind(h) as unknown as Template;

/** By the parts of the source, which are the same for each use of a template; the library goes by them too. */
const spaced = new WeakMap<TemplateStringsArray, readonly string[]>();

export function html(parts: TemplateStringsArray, ...values: readonly unknown[]): ComponentChildren {
  let known = spaced.get(parts);
  if (known === undefined) {
    known = withHtmlSpace(parts);
    spaced.set(parts, known);
  }
  return read(known, ...values);
}

export { h };
export type Children = ComponentChildren;
