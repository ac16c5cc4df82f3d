/** What the documentation points at is there: files, anchors, and the names that it says a file has. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";

const PAGES = ["README.md", "README.zh-CN.md", "CHANGELOG.md", ...pages("docs")];
/** Made by a run, or by those who follow docs/extending.md. */
const MADE = /^bench\/results\/|^(src|test)\/commands\/longest\b/;

function pages(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? pages(path) : path.endsWith(".md") ? [path] : [];
  });
}

/** As GitHub makes them of headings. */
function anchors(text: string): Set<string> {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading!.toLowerCase());
  return new Set(headings.map((heading) => heading.replace(/[^\p{L}\p{N}\- ]/gu, "").replaceAll(" ", "-")));
}

for (const page of PAGES) {
  const text = readFileSync(page, "utf8");
  const prose = text.replace(/^```[\s\S]*?^```/gm, "");

  test(`links of ${page}`, () => {
    for (const [, target] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target!)) continue;
      const [path, anchor] = target!.split("#") as [string, string?];
      const file = path === "" ? page : normalize(join(dirname(page), path));
      assert.ok(existsSync(file), `${target} is not there`);
      if (anchor) assert.ok(anchors(readFileSync(file, "utf8")).has(anchor), `${target} has no such heading`);
    }
  });

  test(`paths that ${page} names`, () => {
    for (const [, path] of prose.matchAll(/`((?:src|test|sim|bench|docs|examples|scripts)\/[\w./-]*)`/g))
      assert.ok(existsSync(path!) || MADE.test(path!), `${path} is not there`);
  });
}

test("the tour's functions are in the files that it names", () => {
  const tour = readFileSync("docs/architecture.md", "utf8");
  const named = [...tour.matchAll(/`(src\/[\w./-]+\.ts)` ((?:`[#\w.]+`(?:, )?)+)/g)];
  assert.ok(named.length >= 10, "the pattern finds what the tour says");
  for (const [, file, names] of named) {
    const code = readFileSync(file!, "utf8");
    for (const [, name] of names!.matchAll(/`([#\w.]+)`/g)) {
      const last = name!.split(".").at(-1)!;
      assert.match(code, new RegExp(`(^|[^\\w])${last}\\b`, "m"), `${file} has no ${name}`);
    }
  }
});

test("the README says the same in both languages", () => {
  const [english, chinese] = ["README.md", "README.zh-CN.md"].map((page) => {
    const text = readFileSync(page, "utf8");
    const links = [...text.matchAll(/\]\((?!README|#)([^)\s]+)\)/g)].map(([, target]) => target);
    const code = [...text.matchAll(/^```[\s\S]*?^```/gm)].map(([block]) =>
      block.replace(/(#|\/\/) .*$/gm, "").replace(/ +$/gm, ""),
    );
    const rows = text.split("\n").filter((line) => line.startsWith("|")).length;
    return { links, code, rows, headings: text.match(/^#+ /gm) };
  });
  assert.deepEqual(chinese, english);
});
