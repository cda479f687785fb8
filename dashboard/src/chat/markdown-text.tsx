import { lazy, memo, Suspense } from "react";
import Markdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import { CodeBlock } from "./code-block.tsx";
import classes from "./markdown-text.module.css";

/** Comes with the first code; without it code is read just as well. */
const HighlightedCode = lazy(() =>
  import("./highlighted-code.tsx").catch(() => ({ default: ({ text }: { text: string }) => <code>{text}</code> })),
);

/** Nothing is loaded from elsewhere, so that nobody learns who reads: pictures are links. */
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
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
    <section className={classes.scroll} tabIndex={0} aria-label="Table">
      <table>{children}</table>
    </section>
  ),
};

const plugins = [remarkGfm];

/** What people and agents write, as Markdown; HTML in it is shown as text. */
export const MarkdownText = memo(function MarkdownText({ text }: { text: string }) {
  return (
    <div className={classes.text} data-text>
      <Markdown remarkPlugins={plugins} components={components}>
        {text}
      </Markdown>
    </div>
  );
});
