import { Code } from "@mantine/core";

/** A value as formatted JSON. */
export function JsonView({ value }: { value: unknown }) {
  return (
    <Code block tabIndex={0} aria-label="JSON">
      {JSON.stringify(value, null, 2)}
    </Code>
  );
}
