/** Rows of cells as text: the first column to the left, numbers to the right. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  ");
  return [line(head), widths.map((width) => "-".repeat(width)).join("  "), ...rows.map(line)].join("\n");
}

export function grouped(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ",");
}

/** "1.23" or "1.23 (>= 0.95)", with a mark where the goal is missed. */
export function ratio(value: number, goal?: number): string {
  if (!Number.isFinite(value)) return "";
  if (goal === undefined) return value.toFixed(2);
  return `${value.toFixed(2)} ${value >= goal ? "ok" : "LOW"} (goal ${goal})`;
}
