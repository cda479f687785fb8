import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { root } from "./source-tree.ts";

const pages = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter((page) => page !== "" && existsSync(join(root, page)));

const withoutCode = (page: string) => readFileSync(join(root, page), "utf8").replaceAll(/^```.*?^```/gms, "");

/** The fragments of a page's headings, as GitHub makes them. */
function anchorsOf(page: string): Set<string> {
  const headings = [...withoutCode(page).matchAll(/^#{1,6} (.*)$/gm)].map(([, text = ""]) => text);
  const plain = headings.map((text) => text.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase());
  return new Set(plain.map((text) => text.replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")));
}

/** What a page's relative links and pictures lead to: a path from the root, and a fragment. */
function targetsOf(page: string): { link: string; path: string; anchor: string | undefined }[] {
  const text = withoutCode(page);
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g), ...text.matchAll(/(?:src|srcset)="([^"]+)"/g)];
  return links
    .map(([, link = ""]) => link)
    .filter((link) => !/^\w+:/.test(link))
    .map((link) => {
      const [path = "", anchor] = link.split("#");
      return { link, path: path === "" ? page : normalize(join(dirname(page), path)), anchor };
    });
}

describe("the documents", () => {
  it.each(pages)("DOC-9 every link in %s leads to an existing file and heading", (page) => {
    const broken = targetsOf(page)
      .filter(({ path, anchor }) => {
        if (!existsSync(join(root, path))) return true;
        return anchor !== undefined && !(path.endsWith(".md") && anchorsOf(path).has(anchor));
      })
      .map(({ link }) => link);

    expect(broken).toEqual([]);
  });

  it("DOC-9 the README has links to all documents in docs/", () => {
    const linked = new Set(targetsOf("README.md").map(({ path }) => path));

    const unlinked = pages.filter((page) => /^docs\/[^/]+\.md$/.test(page) && !linked.has(page));

    expect(unlinked).toEqual([]);
  });
});
