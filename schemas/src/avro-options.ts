import avro from 'avsc';
import { OwnNamesMapType, PropertyValueType, WellFormedStringType } from './property-codec.ts';

/** Options of `avro.Type.forSchema`, and `forSchemaOptions` of @kafkajs/confluent-schema-registry. */
export type AvroOptions = Pick<
  NonNullable<Parameters<typeof avro.Type.forSchema>[1]>,
  'typeHook' | 'omitRecordMethods'
>;

type TypeHook = AvroOptions['typeHook'];
interface SchemaNode {
  readonly type?: unknown;
  readonly name?: unknown;
  readonly namespace?: unknown;
}

const propertyValueName = 'astrolabe.commands.v1.PropertyValue';
const wellFormedString = new WellFormedStringType();

/**
 * What makes avsc read and write commands as plain data: property values as JSON (`property-value.ts`), records as
 * ordinary objects, timestamps as epoch milliseconds. Applies to the schemas of `avro/` and to whatever version of them
 * a registry returns; other schemas keep avsc's behaviour, apart from maps and strings being safer.
 *
 * Fresh for each registry client or type: the hook remembers where it is inside a schema.
 */
export function avroOptions(): AvroOptions {
  // A type built by the hook asks the hook again for its own schema, and must then get avsc's own type.
  const building = new Set<unknown>();

  const buildOnce = <T>(schema: unknown, build: () => T): T | undefined => {
    if (building.has(schema)) return undefined;
    building.add(schema);
    try {
      return build();
    } finally {
      building.delete(schema);
    }
  };

  const typeHook: TypeHook = (schema, options) => {
    if (schema === 'string') return wellFormedString;
    if (typeof schema !== 'object' || Array.isArray(schema)) return undefined;
    const node = schema as SchemaNode;
    switch (node.type) {
      case 'string':
        return wellFormedString;
      case 'map':
        return new OwnNamesMapType(schema, options);
      case 'record':
        return buildOnce(schema, () =>
          fullNameOf(node, options.namespace) === propertyValueName
            ? new PropertyValueType(schema, options)
            : plainRecord(avro.Type.forSchema(schema, options)),
        );
      default:
        return undefined;
    }
  };
  return { typeHook, omitRecordMethods: true };
}

type PlainRecordType = avro.Type & { readonly recordConstructor: { prototype: object } };

/** avsc gives each record type a class of its own; commands are data, and compare equal to an object literal. */
function plainRecord(type: avro.Type): avro.Type {
  (type as PlainRecordType).recordConstructor.prototype = Object.prototype;
  return type;
}

function fullNameOf(node: SchemaNode, enclosing: string | undefined): string {
  const name = String(node.name);
  if (name.includes('.')) return name;
  const namespace = typeof node.namespace === 'string' ? node.namespace : enclosing;
  return namespace === undefined ? name : `${namespace}.${name}`;
}
