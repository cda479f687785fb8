/**
 * An agent that reviews the work of another agent: it takes the lines that the search agent has found, opens the files,
 * and reports which of the lines are really there, with the context of the first line of each file.
 *
 *   SIGNALBOX_URL=http://localhost:8000 SIGNALBOX_TOKEN=… AGENT_ID=reviewer node client-sdk/examples/review-agent.js [folder]
 */
import { readFile } from "node:fs/promises";
import { extname, relative, resolve } from "node:path";
import { createAgent } from "@signalbox/client/agent";

const {
  SIGNALBOX_URL: url = "http://localhost:8000",
  SIGNALBOX_TOKEN: token,
  AGENT_ID: agentId = "reviewer",
} = process.env;
const folder = resolve(process.argv[2] ?? ".");
const linesAround = 2;
const filesShown = 3;

const agent = createAgent({
  url,
  token,
  agentId,
  capabilities: ["review"],
  concurrency: 2,
  workdir: folder,
  async onDispatch({ content }, { progress, delta, tool, signal }) {
    const byFile = claimsIn(content);
    const counts = { lines: 0, confirmed: 0, files: 0 };
    for (const [path, claims] of byFile) {
      signal.throwIfAborted();
      const startedAt = performance.now();
      const lines = await linesOf(path);
      const confirmed = claims.filter(({ line, text }) => lines?.[line - 1]?.trim().startsWith(text));
      tool("read file", {
        ok: lines !== undefined,
        durationMs: Math.round(performance.now() - startedAt),
        details: { path, claims: claims.length, confirmed: confirmed.length },
      });
      if (counts.files < filesShown && lines && confirmed[0]) delta(excerpt(path, lines, confirmed[0].line));
      counts.files += 1;
      counts.lines += claims.length;
      counts.confirmed += confirmed.length;
      progress("reviewing", { text: path, percent: Math.round((100 * counts.files) / byFile.size) });
    }
    const verdict = counts.confirmed === counts.lines ? "All of it holds" : "Some of it does not hold";
    delta(`**${verdict}**: ${counts.confirmed} of ${counts.lines} lines in ${counts.files} files are there.\n`);
    return { usage: counts };
  },
});

/** Parses lines of the form `path:line: text`, grouped by file. */
function claimsIn(content) {
  const byFile = new Map();
  for (const [, path, line, text] of content.matchAll(/^([^\n:]+):(\d+): (.*)$/gm)) {
    byFile.set(path, [...(byFile.get(path) ?? []), { line: Number(line), text }]);
  }
  return byFile;
}

/** `undefined` for files that cannot be read or are outside the folder: the request may contain any path. */
async function linesOf(path) {
  const file = resolve(folder, path);
  if (relative(folder, file).startsWith("..")) return undefined;
  return (await readFile(file, "utf8").catch(() => undefined))?.split("\n");
}

function excerpt(path, lines, line) {
  const from = Math.max(0, line - 1 - linesAround);
  const shown = lines.slice(from, line + linesAround).map((text) => text.slice(0, 120));
  return `\`${path}\`, line ${line}:\n\n\`\`\`${extname(path).slice(1)}\n${shown.join("\n")}\n\`\`\`\n\n`;
}

agent.on("error", ({ message }) => console.error(`not registered: ${message}`));
await agent.start();
console.log(`registered as ${agentId} for ${folder}`);

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => void agent.stop().then(() => process.exit(0)));
}
