/**
 * One line of JSON. Offsets, which are `bigint`, become numbers, and text where a number would round them; maps become
 * objects. Pure.
 */
export function toOffsetJson(data: unknown): string {
  return JSON.stringify(data, (_name, value: unknown) => {
    if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
    if (value instanceof Map) return Object.fromEntries(value as Map<string, unknown>);
    return value;
  });
}
