/** The value, which the test knows to be there. */
export function defined<T>(value: T | undefined, what = "value"): T {
  if (value === undefined) throw new Error(`There is no ${what}`);
  return value;
}
