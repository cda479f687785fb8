import { Rejection } from "../../shared/rejection.ts";

// `JSON.parse` rounds integers that a double cannot hold, and keeps the last of two fields with the same name. Neither
// shows in what it returns, so the text is compared with it.

const [space, quote, comma, minus, colon] = [0x20, 0x22, 0x2c, 0x2d, 0x3a] as const;
const [openBracket, backslash, closeBracket, openBrace, closeBrace] = [0x5b, 0x5c, 0x5d, 0x7b, 0x7d] as const;

/**
 * Throws `invalid_payload` where a JSON text has a field twice, or an integer that was rounded. `fields` is what
 * `inspectJson` returns for the parsed text. Nearly all texts are only searched for colons.
 */
export function assertExact(text: string, fields: number, { below = [], isFrame = false }: Place = {}): void {
  if (countFields(text) === fields) return;
  const fault = findInexact(text);
  if (!fault) return;
  // In a frame the payload has an index or a name.
  const path = [...below, ...fault.path.slice(isFrame && fault.path.length > 1 ? 1 : 0)].join(".");
  throw new Rejection("invalid_payload", `Not valid: ${path}: ${fault.message}`, [{ path, message: fault.message }]);
}

/**
 * The number of fields in a JSON text; more where a text in it begins with a colon or has one after a quote. A short
 * text has fewer colons than quotes; in a long one most colons are those of what people write.
 */
function countFields(text: string): number {
  return text.length < 1_000 ? countByColons(text) : countByQuotes(text);
}

function countByColons(text: string): number {
  let fields = 0;
  for (let at = text.indexOf(":"); at > 0; at = text.indexOf(":", at + 1)) {
    let before = at - 1;
    while (text.charCodeAt(before) <= space) before--;
    if (text.charCodeAt(before) === quote) fields++;
  }
  return fields;
}

function countByQuotes(text: string): number {
  let fields = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) {
    let after = at + 1;
    while (text.charCodeAt(after) <= space) after++;
    if (text.charCodeAt(after) === colon) fields++;
  }
  return fields;
}

interface Place {
  /** Path of the text in its message. */
  below?: readonly string[];
  /** The text is a frame around a payload. */
  isFrame?: boolean;
}

interface Inexact {
  path: readonly (string | number)[];
  message: string;
}

interface Level {
  /** The names so far; `undefined` in a list. */
  names: Set<string> | undefined;
  at: string | number;
  /** The next text is a name. */
  isName: boolean;
}

const number = /-?\d+(\.\d+)?([eE][+-]?\d+)?/y;

/** Reads valid JSON, which may have something before its first bracket. */
function findInexact(text: string): Inexact | undefined {
  const levels: Level[] = [];
  const inexact = (message: string) => ({ path: levels.map(({ at }) => at), message });
  for (let at = text.search(/[[{]/); at >= 0 && at < text.length; at++) {
    const code = text.charCodeAt(at);
    const level = levels.at(-1);
    if (code === openBrace) levels.push({ names: new Set(), at: "", isName: true });
    else if (code === openBracket) levels.push({ names: undefined, at: 0, isName: false });
    else if (code === closeBrace || code === closeBracket) levels.pop();
    else if (code === comma && level) {
      if (level.names) level.isName = true;
      else level.at = Number(level.at) + 1;
    } else if (code === quote) {
      const end = endOfText(text, at);
      if (level?.names && level.isName) {
        level.at = JSON.parse(text.slice(at, end + 1));
        level.isName = false;
        if (level.names.has(String(level.at))) return inexact("occurs twice");
        level.names.add(String(level.at));
      }
      at = end;
    } else if (code === minus || (code >= 0x30 && code <= 0x39)) {
      number.lastIndex = at;
      const [literal = "", fraction, exponent] = number.exec(text) ?? [];
      const isInteger = fraction === undefined && exponent === undefined;
      if (isInteger ? !Number.isSafeInteger(Number(literal)) : !Number.isFinite(Number(literal))) {
        return inexact("is a number that would be rounded: send it as a string");
      }
      at += literal.length - 1;
    }
  }
  return undefined;
}

/** The place of the closing quote. */
function endOfText(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    if (end < 0) return text.length;
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === backslash) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
}
