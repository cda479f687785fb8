import { z } from "zod";

/** The keys of a table as a schema, so that the table stays the one place where its names are written. */
export function keysEnum<Table extends object>(table: Table) {
  const keys: Extract<keyof Table, string>[] = [];
  for (const key in table) keys.push(key);
  return z.enum(keys);
}
