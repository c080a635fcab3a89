/**
 * Markup as tagged templates. What is put into them becomes text or attributes, never markup. Components are put in by
 * `h(Component, props)`, so that the compiler checks their props.
 */
import htm from 'htm';
import { h, type ComponentChildren } from 'preact';

export const html = htm.bind(h) as (strings: TemplateStringsArray, ...values: readonly unknown[]) => ComponentChildren;

export { h };
export type Children = ComponentChildren;
