/** Nested so many levels deep, arrays all the way. */
export function nested(levels: number): unknown {
  let inner: unknown[] = [];
  for (let level = 1; level < levels; level++) inner = [inner];
  return inner;
}

/** The object with an own key `__proto__`, as a parser makes it of JSON: written in code it would set the prototype. */
export function withProto(object: object): unknown {
  const rest = JSON.stringify(object).slice(1);
  return JSON.parse(`{"__proto__":{"polluted":true}${rest === "}" ? "" : ","}${rest}`);
}
