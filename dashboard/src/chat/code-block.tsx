import { ActionIcon, CopyButton } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { type ReactNode, useRef, useState } from "react";
import classes from "./code-block.module.css";

/** A code block with a copy button. */
export function CodeBlock({ children }: { children?: ReactNode }) {
  const block = useRef<HTMLPreElement>(null);
  const [text, setText] = useState("");
  return (
    <div className={classes.block}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: scrollable areas must be reachable by keyboard */}
      <pre ref={block} tabIndex={0} className={classes.code}>
        {children}
      </pre>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <ActionIcon
            className={classes.copy ?? ""}
            variant="default"
            size="sm"
            aria-label={copied ? "Copied" : "Copy code"}
            onPointerEnter={() => setText(block.current?.textContent ?? "")}
            onFocus={() => setText(block.current?.textContent ?? "")}
            onClick={copy}
          >
            {copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}
          </ActionIcon>
        )}
      </CopyButton>
    </div>
  );
}
