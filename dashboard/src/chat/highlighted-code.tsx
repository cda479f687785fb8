import { useMemo } from "react";
import { parse } from "sugar-high/core";
import { lang, languages } from "sugar-high/lang";
import classes from "./highlighted-code.module.css";

const configs = new Map<string | undefined, (typeof languages)[number]["config"]>(
  languages.map(({ id, config }) => [id, config]),
);

/** Longer code is shown without highlighting: it is parsed again with every piece of a streamed response. */
const maxLength = 20_000;

interface HighlightedCodeProps {
  /** Language tag of the code block. */
  language: string;
  text: string;
}

/** Syntax highlighting; the text is unchanged. */
export default function HighlightedCode({ language, text }: HighlightedCodeProps) {
  const lines = useMemo(() => {
    const name = lang(language.toLowerCase());
    if (name === undefined || text.length > maxLength) return undefined;
    return parse(text, configs.get(name)).lines;
  }, [language, text]);
  if (!lines) return <code>{text}</code>;
  return (
    <code className={classes.code}>
      {lines.map((line, index) => [
        index > 0 && "\n",
        ...line.tokens.map(({ type, value }, token) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: tokens are identified by their index
          <span key={`${index} ${token}`} data-token={type}>
            {value}
          </span>
        )),
      ])}
    </code>
  );
}
