/** `/console`, `/ops/console`, or empty for the root. Undefined if the text is not such a path. */
export function parseMountPath(text: string): string | undefined {
  const path = text.replace(/\/+$/, '');
  return path === '' || /^(?:\/[A-Za-z0-9._~-]+)+$/.test(path) ? path : undefined;
}
