/** The commands and categories that rules can name. A table's rows by their own names, whatever `rename-command` made of them. */
import { ACL_CATEGORIES, aclCategories } from "../commands/acl-categories.ts";
import type { CommandRow } from "../commands/call.ts";
import { ABSENT } from "./absent.ts";

/** A command as rules see it. */
export interface KnownCommand {
  /** Its row's, so that a row finds its bit; those that are not built come behind. */
  readonly id: number;
  /** `container|subcommand` for a subcommand. */
  readonly name: string;
  readonly categories: ReadonlySet<string>;
  readonly isSubcommand: boolean;
  /** By their last word; undefined for what is no container. */
  readonly subcommands?: Map<string, KnownCommand>;
}

export class Vocabulary {
  /** All ids are below it. */
  readonly size: number;
  /** Commands without their subcommands, by name. */
  readonly #commands = new Map<string, KnownCommand>();
  /** By category, as far as somebody has asked: a file of many users asks for the same ones again and again. */
  readonly #inCategory = new Map<string, readonly KnownCommand[]>();

  /**
   * @param rows  `CommandTable.original`
   * @param idCount  `CommandTable.idCount`
   * @param absent  whether what is not built counts as well; a Sentinel's rules know nothing but its own commands
   */
  constructor(rows: ReadonlyMap<string, CommandRow>, idCount: number, absent = true) {
    for (const row of rows.values()) this.#commands.set(row.name, known(row));
    this.size = absent ? this.#addAbsent(idCount) : idCount;
  }

  #addAbsent(firstId: number): number {
    let id = firstId;
    for (const [name, categories] of Object.entries(ABSENT)) {
      const [container, subcommand] = name.split("|") as [string, string?];
      const isContainer = subcommand === undefined && Object.keys(ABSENT).some((other) => other.startsWith(`${name}|`));
      const command: KnownCommand = {
        id: id++,
        name,
        categories: new Set(categories.split(" ")),
        isSubcommand: subcommand !== undefined,
        subcommands: isContainer ? new Map() : undefined,
      };
      if (subcommand === undefined) {
        if (!this.#commands.has(name)) this.#commands.set(name, command);
        continue;
      }
      const subcommands = this.#commands.get(container)?.subcommands;
      if (subcommands && !subcommands.has(subcommand)) subcommands.set(subcommand, command);
    }
    return id;
  }

  /** By text in any case, `container|subcommand` included. */
  find(name: string): KnownCommand | undefined {
    const [first, second, ...more] = name.toLowerCase().split("|") as [string, string?];
    if (more.length > 0) return undefined;
    const command = this.#commands.get(first);
    return second === undefined ? command : command?.subcommands?.get(second);
  }

  /** Every command, subcommands behind their container. */
  *all(): Generator<KnownCommand> {
    for (const command of this.#commands.values()) {
      yield command;
      if (command.subcommands) yield* command.subcommands.values();
    }
  }

  /** Those of a category, spelled as `category` gives it. */
  inCategory(category: string): readonly KnownCommand[] {
    let found = this.#inCategory.get(category);
    if (found === undefined) {
      found = [...this.all()].filter(({ categories }) => categories.has(category));
      this.#inCategory.set(category, found);
    }
    return found;
  }

  /** The category of that name, in any case and without "@"; undefined if there is none. */
  category(name: string): string | undefined {
    const lower = name.toLowerCase();
    return ACL_CATEGORIES.find((category) => category === lower);
  }
}

function known(row: CommandRow): KnownCommand {
  return {
    id: row.id,
    name: row.name,
    // Told when somebody asks: most servers start without a rule that names one.
    get categories() {
      return aclCategories(row);
    },
    isSubcommand: row.isSubcommand,
    subcommands: row.subcommands && new Map([...row.subcommands].map(([name, below]) => [name, known(below)])),
  };
}
