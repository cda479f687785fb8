import { open, readdir } from "node:fs/promises";
import { join, relative } from "node:path";

const skippedFolders = new Set(["node_modules", ".git", "dist", "coverage"]);
const maxFileBytes = 1_048_576;

/**
 * @typedef {{ path: string, lines: string[] }} TextFile
 * @typedef {{ files: TextFile[], bytes: number, skipped: number }} Index
 */

/**
 * Reads the text files below a folder. Binary and very large ones are skipped.
 * @param {string} folder
 * @param {{ signal: AbortSignal, progress: (read: number) => Promise<void> }} options
 * @returns {Promise<Index>}
 */
export async function indexFolder(folder, { signal, progress }) {
  const index = { files: [], bytes: 0, skipped: 0 };
  for await (const path of filesBelow(folder)) {
    signal.throwIfAborted();
    const text = await readText(path);
    if (text === undefined) {
      index.skipped++;
      continue;
    }
    index.files.push({ path: relative(folder, path), lines: text.split("\n") });
    index.bytes += text.length;
    if (index.files.length % 50 === 0) await progress(index.files.length);
  }
  index.files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return index;
}

/**
 * The lines that contain the words, whatever their case, in the order of the files.
 * @param {Index} index
 * @param {string} words
 */
export function* search({ files }, words) {
  const wanted = words.toLowerCase();
  for (const { path, lines } of files) {
    for (const [at, line] of lines.entries()) {
      if (line.toLowerCase().includes(wanted)) yield { path, line: at + 1, text: line.trim().slice(0, 200) };
    }
  }
}

async function* filesBelow(folder) {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !skippedFolders.has(entry.name)) yield* filesBelow(path);
    if (entry.isFile()) yield path;
  }
}

/** The text of a file; `undefined` for binary, too large and deleted files. */
async function readText(path) {
  let file;
  try {
    file = await open(path);
    const { size } = await file.stat();
    if (size > maxFileBytes) return undefined;
    const bytes = await file.readFile();
    return bytes.includes(0) ? undefined : bytes.toString("utf8");
  } catch {
    return undefined;
  } finally {
    await file?.close();
  }
}
