/** Filters of a page. They are in its address, so that a link shows the same. */
import { fromLocalInput, toLocalInput } from '../core/times.ts';
import { route, setQuery } from '../state/location.ts';
import { html, type Children } from './html.ts';

export type FilterField = { readonly name: string; readonly label: string } & (
  | { readonly kind: 'text'; readonly placeholder?: string; readonly choices?: readonly string[] }
  | {
      readonly kind: 'choice';
      /** Chosen where the address has none. Default: empty. */
      readonly initial?: string;
      readonly choices: readonly (readonly [value: string, label: string])[];
    }
  | { readonly kind: 'time' }
);

export interface FilterFormProps {
  readonly label: string;
  readonly fields: readonly FilterField[];
  readonly children?: Children;
}

export function FilterForm({ label, fields, children }: FilterFormProps): Children {
  const { query } = route.value;
  const names = fields.map(({ name }) => name);
  const isFiltered = names.some((name) => query[name] !== undefined);
  const set = (name: string, value: string | undefined): void => {
    // Another filter is another list: its later pages are not those of the old one.
    const { after: _after, ...kept } = query;
    setQuery({ ...kept, [name]: value });
  };
  const clear = (): void =>
    setQuery(Object.fromEntries(Object.entries(query).filter(([name]) => !names.includes(name))));
  return html`<form
    class="filters"
    role="search"
    aria-label=${label}
    onSubmit=${(event: Event) => event.preventDefault()}
  >
    ${fields.map((field) => html`<label key=${field.name} class=${field.kind === 'time' ? 'time' : undefined}><span>${field.label}</span>${inputOf(field, query[field.name] ?? initialOf(field), set)}</label>`)}
    ${isFiltered ? html`<button type="button" class="quiet" onClick=${clear}>Clear filters</button>` : null} ${children}
  </form>`;
}

function initialOf(field: FilterField): string {
  return field.kind === 'choice' ? (field.initial ?? '') : '';
}

function inputOf(field: FilterField, value: string, set: (name: string, value: string | undefined) => void): Children {
  const { name } = field;
  const onChange = (event: Event): void => set(name, (event.currentTarget as HTMLInputElement).value.trim());
  switch (field.kind) {
    case 'text':
      return html`<input
          name=${name}
          value=${value}
          placeholder=${field.placeholder}
          autocomplete="off"
          spellcheck="false"
          list=${field.choices === undefined ? undefined : `choices-${name}`}
          onChange=${onChange}
        />
        ${
          field.choices === undefined
            ? null
            : html`<datalist id=${`choices-${name}`}>
                ${field.choices.map((choice) => html`<option value=${choice}></option>`)}
              </datalist>`
        }`;
    case 'choice':
      return html`<select name=${name} value=${value} onChange=${onChange}>
        ${field.choices.map(([choice, text]) => html`<option value=${choice} selected=${choice === value}>${text}</option>`)}
      </select>`;
    case 'time':
      return html`<input
        type="datetime-local"
        step="1"
        name=${name}
        value=${toLocalInput(value)}
        title=${value === '' ? undefined : `${value} UTC`}
        onChange=${(event: Event) => set(name, fromLocalInput((event.currentTarget as HTMLInputElement).value))}
      />`;
  }
}
