import { ActionIcon, CopyButton } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { type ReactNode, useRef, useState } from "react";
import classes from "./code-block.module.css";

/** Code, which can be copied. */
export function CodeBlock({ children }: { children?: ReactNode }) {
  const block = useRef<HTMLPreElement>(null);
  const [text, setText] = useState("");
  return (
    <div className={classes.block}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard */}
      <pre ref={block} tabIndex={0} className={classes.code}>
        {children}
      </pre>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <ActionIcon
            className={classes.copy ?? ""}
            variant="default"
            size="sm"
            aria-label={copied ? "Copied" : "Copy the code"}
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
