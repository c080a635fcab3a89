export { commandSchemasIn, type AppliedSubject, type CommandSchemaRegistry } from './command-schemas.ts';
export {
  createCommandDecoder,
  createCommandEncoder,
  type CommandDecoder,
  type CommandEncoder,
  type DecodedCommand,
} from './command-serde.ts';
export { WIRE_HEADER_BYTES, parseWireFormat, wireHeader, type FramedValue } from './confluent-wire-format.ts';
