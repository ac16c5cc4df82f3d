/** LOLWUT's drawing: nine lights in the dark, each elsewhere at every call. */
import type { Random } from "../io/io.ts";

const LIGHTS = 9;
/** From dark to bright. */
const SHADES = " .:-=+*oO8@";
/** A character is about twice as high as it is wide. */
const ASPECT = 2;

export function drawing(random: Random, columns: number, rows: number): string {
  const width = bounded(columns, 200);
  const height = bounded(rows, 100);
  const lights = Array.from({ length: LIGHTS }, () => ({
    x: random.float() * width,
    y: random.float() * height * ASPECT,
    strength: 0.5 + random.float() * 2,
  }));
  let text = "";
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      let brightness = 0;
      for (const { x, y, strength } of lights)
        brightness += strength / (1 + (column - x) ** 2 + ((row + 0.5) * ASPECT - y) ** 2);
      text += SHADES[Math.min(SHADES.length - 1, Math.floor(Math.sqrt(brightness) * 9))];
    }
    text += "\n";
  }
  return text;
}

function bounded(wanted: number, most: number): number {
  return Math.min(Math.max(wanted, 1), most);
}
