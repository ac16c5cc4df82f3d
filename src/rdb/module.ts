/** Data of modules: enough of its form to name the module and to step over what it saved. */
import { ModuleOpcode } from "./format.ts";
import { type RdbInput, StringSlot } from "./input.ts";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** The name in a module type's id: nine letters of six bits, above ten bits of version. */
export function moduleName(high: number, low: number): string {
  let id = (BigInt(high) << 32n) | BigInt(low);
  id >>= 10n;
  let name = "";
  for (let i = 0; i < 9; i++) {
    name = LETTERS[Number(id & 63n)] + name;
    id >>= 6n;
  }
  return name;
}

const unused = new StringSlot();

/** Steps over the next part of what follows a module's id, its opcode first; returns whether it was the mark of the end. */
export function skipModulePart(input: RdbInput): boolean {
  const opcode = input.plainLength();
  switch (opcode) {
    case ModuleOpcode.eof:
      return true;
    case ModuleOpcode.sint:
    case ModuleOpcode.uint:
      input.plainLength();
      return false;
    case ModuleOpcode.float:
      input.skip(4);
      return false;
    case ModuleOpcode.double:
      input.skip(8);
      return false;
    case ModuleOpcode.string:
      input.string(unused);
      return false;
    default:
      throw input.corrupt(`unknown part ${opcode} of a module's data`);
  }
}
