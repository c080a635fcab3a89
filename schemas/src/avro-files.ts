/** Reading Avro schema files. Used at start-up, by the type generator and by the compatibility test. */
import { readFileSync } from 'node:fs';

/** An Avro record schema as JSON. */
export interface AvroRecordSchema {
  readonly type: 'record';
  readonly name: string;
  readonly namespace: string;
  readonly doc: string;
  readonly fields: readonly AvroField[];
}

export interface AvroField {
  readonly name: string;
  readonly doc: string;
  readonly type: AvroSchema;
  readonly default?: unknown;
}

export type AvroSchema = string | readonly AvroSchema[] | AvroRecordSchema | AvroTypeObject;

/** An array, a map, or a primitive with a logical type. */
export interface AvroTypeObject {
  readonly type: string;
  readonly logicalType?: string;
  readonly items?: AvroSchema;
  readonly values?: AvroSchema;
}

/** Folder of the current schemas. */
export const commandSchemaFolder = new URL('../avro/', import.meta.url);

/** Schema file of a record: its name in kebab case. */
export function schemaFileName(recordName: string): string {
  return `${recordName.replace(/(?<!^)[A-Z]/g, (capital) => `-${capital}`).toLowerCase()}.avsc`;
}

/** Reads `<folder>/<record>.avsc` and inlines the first use of each record that has a file of its own in the folder. */
export function readInlined(folder: URL, recordName: string): AvroRecordSchema {
  const defined = new Set<string>();
  const read = (name: string): AvroRecordSchema => {
    defined.add(name);
    const text = readFileSync(new URL(schemaFileName(name), folder), 'utf8');
    return inline(JSON.parse(text) as AvroRecordSchema) as AvroRecordSchema;
  };
  const inline = (schema: AvroSchema): AvroSchema => {
    if (typeof schema === 'string') return /^[A-Z]/.test(schema) && !defined.has(schema) ? read(schema) : schema;
    if (isUnion(schema)) return schema.map(inline);
    if ('fields' in schema) {
      defined.add(schema.name);
      return { ...schema, fields: schema.fields.map((field) => ({ ...field, type: inline(field.type) })) };
    }
    if (schema.items !== undefined) return { ...schema, items: inline(schema.items) };
    if (schema.values !== undefined) return { ...schema, values: inline(schema.values) };
    return schema;
  };
  return read(recordName);
}

export function isUnion(schema: AvroSchema): schema is readonly AvroSchema[] {
  return Array.isArray(schema);
}
