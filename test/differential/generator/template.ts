/**
 * The language in which grammars say what a command's arguments look like:
 *
 *     "zset [NX | XX] [GT | LT] [CH] (score member)+"
 *
 * A word in small letters is a kind (see `kinds.ts`), which may stand for several words; any other word stands for itself, but
 * now and then in odd case. `[...]` may be left out, `(...)` groups, `|` parts alternatives, `+` repeats once or more.
 * Neighbouring options change places, as Redis lets them.
 */
import type { Kind, Scene } from "./kinds.ts";

export type Template = (scene: Scene, out: string[]) => void;

/** How probable an option is. */
const OPTION = 0.35;
const ODD_CASE = 0.05;

export function parseTemplate(text: string, kinds: Readonly<Record<string, Kind>>): Template {
  const tokens = text.match(/[[\]()|]|\+(?=[\s)\]|]|$)|[^\s[\]()|+][^\s[\]()|]*?(?=\+?(?:[\s[\]()|]|$))/g) ?? [];
  let at = 0;

  function alternatives(): Template {
    const all = [sequence()];
    while (tokens[at] === "|") {
      at++;
      all.push(sequence());
    }
    return all.length === 1 ? all[0]! : (scene, out) => scene.dice.pick(all)(scene, out);
  }

  function sequence(): Template {
    const parts: { template: Template; option: boolean }[] = [];
    while (at < tokens.length && !"|])".includes(tokens[at]!)) {
      const option = tokens[at] === "[";
      let template = atom();
      if (tokens[at] === "+") {
        at++;
        template = repeated(template);
      }
      parts.push({ template, option });
    }
    return inSequence(parts);
  }

  function atom(): Template {
    const token = tokens[at++]!;
    if (token === "[" || token === "(") {
      const inner = alternatives();
      if (tokens[at++] !== (token === "[" ? "]" : ")")) throw new Error(`unbalanced: ${text}`);
      return token === "(" ? inner : (scene, out) => scene.dice.chance(OPTION) && inner(scene, out);
    }
    if (!/^[a-z]+$/.test(token)) return literal(token);
    const kind = kinds[token];
    if (kind === undefined) throw new Error(`no kind '${token}' in: ${text}`);
    return (scene, out) => {
      const words = kind(scene);
      if (typeof words === "string") out.push(words);
      else out.push(...words);
    };
  }

  const whole = alternatives();
  if (at !== tokens.length) throw new Error(`unbalanced: ${text}`);
  return whole;
}

function literal(word: string): Template {
  return (scene, out) => {
    out.push(scene.dice.chance(ODD_CASE) ? oddCase(word, scene) : word);
  };
}

export function oddCase(word: string, { dice }: Scene): string {
  if (dice.chance(0.5)) return word.toLowerCase();
  return word.replace(/./g, (letter) => (dice.chance(0.5) ? letter.toLowerCase() : letter.toUpperCase()));
}

/** Mostly a few times, now and then so often that values leave their small encodings. */
function repeated(template: Template): Template {
  return (scene, out) => {
    const times = scene.dice.chance(0.02) ? scene.dice.int(20, 150) : scene.dice.int(1, 4);
    for (let i = 0; i < times; i++) template(scene, out);
  };
}

function inSequence(parts: readonly { template: Template; option: boolean }[]): Template {
  return (scene, out) => {
    for (let i = 0; i < parts.length; ) {
      let end = i + 1;
      if (parts[i]!.option) while (end < parts.length && parts[end]!.option) end++;
      const run = parts.slice(i, end);
      if (run.length > 1 && scene.dice.chance(0.4)) scene.dice.shuffle(run);
      for (const { template } of run) template(scene, out);
      i = end;
    }
  };
}
