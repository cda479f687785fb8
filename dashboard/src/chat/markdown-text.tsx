import { lazy, memo, Suspense } from "react";
import Markdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import { CodeBlock } from "./code-block.tsx";
import classes from "./markdown-text.module.css";

/** Loaded with the first code block; plain code if that fails. */
const HighlightedCode = lazy(() =>
  import("./highlighted-code.tsx").catch(() => ({ default: ({ text }: { text: string }) => <code>{text}</code> })),
);

/** Images are shown as links: loading them would reveal readers to third parties. */
const components: Components = {
  a: ({ href, children }) => (
    <a href={href} target="_blank" rel="noreferrer noopener">
      {children}
    </a>
  ),
  img: ({ src, alt }) => (
    <a href={typeof src === "string" ? src : undefined} target="_blank" rel="noreferrer noopener">
      {alt || String(src)}
    </a>
  ),
  input: ({ checked = false }) => (
    <input type="checkbox" checked={checked} disabled aria-label={checked ? "Done" : "Not done"} />
  ),
  code: ({ className, children }) => {
    const language = /^language-(\S+)/.exec(className ?? "")?.[1];
    const plain = <code>{children}</code>;
    if (language === undefined || typeof children !== "string") return plain;
    return (
      <Suspense fallback={plain}>
        <HighlightedCode language={language} text={children} />
      </Suspense>
    );
  },
  pre: CodeBlock,
  table: ({ children }) => (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: scrollable areas must be reachable by keyboard
    <section className={classes.scroll} tabIndex={0} aria-label="Table">
      <table>{children}</table>
    </section>
  ),
};

const plugins = [remarkGfm];

/** Renders Markdown. HTML in it is shown as text. */
export const MarkdownText = memo(function MarkdownText({ text }: { text: string }) {
  return (
    <div className={classes.text} data-text>
      <Markdown remarkPlugins={plugins} components={components}>
        {text}
      </Markdown>
    </div>
  );
});
