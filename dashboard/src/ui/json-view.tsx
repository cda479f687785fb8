import { Code } from "@mantine/core";

/** What was said, as it was said. */
export function JsonView({ value }: { value: unknown }) {
  return (
    <Code block tabIndex={0} aria-label="As JSON">
      {JSON.stringify(value, null, 2)}
    </Code>
  );
}
