/** A set and a map of names that know what their names cost, so that nobody has to walk them to tell. */

/** What an entry costs besides its name: here, and where others find its owner by it. */
const ENTRY_BYTES = 160;

export class NameSet extends Set<string> {
  bytes = 0;

  override add(name: string): this {
    if (!this.has(name)) this.bytes += ENTRY_BYTES + name.length;
    return super.add(name);
  }

  override delete(name: string): boolean {
    const was = super.delete(name);
    if (was) this.bytes -= ENTRY_BYTES + name.length;
    return was;
  }

  override clear(): void {
    this.bytes = 0;
    super.clear();
  }
}

export class NameMap<Value> extends Map<string, Value> {
  bytes = 0;

  override set(name: string, value: Value): this {
    if (!this.has(name)) this.bytes += ENTRY_BYTES + 2 * name.length;
    return super.set(name, value);
  }

  override delete(name: string): boolean {
    const was = super.delete(name);
    if (was) this.bytes -= ENTRY_BYTES + 2 * name.length;
    return was;
  }

  override clear(): void {
    this.bytes = 0;
    super.clear();
  }
}
