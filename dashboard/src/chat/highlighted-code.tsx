import { useMemo } from "react";
import { parse } from "sugar-high/core";
import { lang, languages } from "sugar-high/lang";
import classes from "./highlighted-code.module.css";

const configs = new Map<string | undefined, (typeof languages)[number]["config"]>(
  languages.map(({ id, config }) => [id, config]),
);

/** More takes too long while an answer grows, and is no part of a talk. */
const highlightedMost = 20_000;

interface HighlightedCodeProps {
  /** As whoever wrote it calls it. */
  language: string;
  text: string;
}

/** Code with its words told apart. What is written is the same, and so is what is copied. */
export default function HighlightedCode({ language, text }: HighlightedCodeProps) {
  const lines = useMemo(() => {
    const name = lang(language.toLowerCase());
    if (name === undefined || text.length > highlightedMost) return undefined;
    return parse(text, configs.get(name)).lines;
  }, [language, text]);
  if (!lines) return <code>{text}</code>;
  return (
    <code className={classes.code}>
      {lines.map((line, place) => [
        place > 0 && "\n",
        ...line.tokens.map(({ type, value }, token) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a token is its place
          <span key={`${place} ${token}`} data-token={type}>
            {value}
          </span>
        )),
      ])}
    </code>
  );
}
