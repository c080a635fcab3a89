/** Reads JSON that another process wrote: a field that is missing, or of another type, is told by its name. Pure. */

export class JsonFields {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #path: string;

  private constructor(fields: Readonly<Record<string, unknown>>, path: string) {
    this.#fields = fields;
    this.#path = path;
  }

  static parse(text: string): JsonFields {
    return JsonFields.of(JSON.parse(text), '');
  }

  static of(value: unknown, path: string): JsonFields {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new Error(path === '' ? 'it is not a JSON object' : `${path} is not an object`);
    }
    return new JsonFields(value as Readonly<Record<string, unknown>>, path);
  }

  get names(): readonly string[] {
    return Object.keys(this.#fields);
  }

  value(name: string): unknown {
    return this.#fields[name];
  }

  object(name: string): JsonFields {
    return JsonFields.of(this.#fields[name], this.#at(name));
  }

  list(name: string): readonly JsonFields[] {
    const value = this.#fields[name];
    if (!Array.isArray(value)) throw new Error(`${this.#at(name)} is not a list`);
    return value.map((each, index) => JsonFields.of(each, `${this.#at(name)}[${index}]`));
  }

  text(name: string): string {
    const value = this.#fields[name];
    if (typeof value !== 'string') throw new Error(`${this.#at(name)} is not text`);
    return value;
  }

  optionalText(name: string): string | undefined {
    return this.#fields[name] === undefined ? undefined : this.text(name);
  }

  oneOf<const Value extends string>(name: string, values: readonly Value[]): Value {
    const text = this.text(name);
    const found = values.find((value) => value === text);
    if (found === undefined) throw new Error(`${this.#at(name)} is none of ${values.join(', ')}`);
    return found;
  }

  /** A finite number that is not negative. */
  number(name: string): number {
    const value = this.#fields[name];
    if (typeof value !== 'number' || !(value >= 0)) throw new Error(`${this.#at(name)} is not a number of 0 or more`);
    return value;
  }

  /** Decimal text: a JSON number would be rounded above 2 ** 53. */
  offset(name: string): bigint {
    const text = this.text(name);
    if (!/^\d{1,19}$/.test(text)) throw new Error(`${this.#at(name)} is not an offset`);
    return BigInt(text);
  }

  #at(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`;
  }
}

/** JSON with offsets as decimal text, which `JsonFields.offset` reads. */
export function toJson(value: unknown): Buffer {
  const json = JSON.stringify(value, (_name, each: unknown) => (typeof each === 'bigint' ? each.toString() : each));
  return Buffer.from(json, 'utf8');
}
