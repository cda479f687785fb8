/** For `refine`: one of the named fields is given, and only one. */
export function exactlyOne(...names: string[]): (value: Record<string, unknown>) => boolean {
  return (value) => names.filter((name) => value[name] !== undefined).length === 1;
}
