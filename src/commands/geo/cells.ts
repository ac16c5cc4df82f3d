/**
 * Places as numbers: the world is cut in half again and again, east from west and north from south by turns, and which half
 * it was is a bit each time. 26 times both ways makes 52 bits, which a sorted set's score holds exactly; places that lie in
 * one cell have a common beginning and so stand next to each other. To the bit as Redis has it, since scores are compared,
 * stored and sent.
 * @see https://redis.io/docs/latest/commands/geoadd/
 */

export interface Place {
  longitude: number;
  latitude: number;
}

/** A cell of 2^step by 2^step, counted from the west and the south. */
export interface Cell {
  readonly column: number;
  readonly row: number;
  readonly step: number;
}

/** How often the world is halved each way in a score. */
export const STEPS = 26;
export const MAX_LONGITUDE = 180;
/** Where a square map of the world ends; beyond, there are no places. */
export const MAX_LATITUDE = 85.05112878;
const LONGITUDES = 2 * MAX_LONGITUDE;
const LATITUDES = 2 * MAX_LATITUDE;

export function inRange({ longitude, latitude }: Place): boolean {
  return Math.abs(longitude) <= MAX_LONGITUDE && Math.abs(latitude) <= MAX_LATITUDE;
}

/** The cell of this size that a place in range lies in. */
export function cellOf({ longitude, latitude }: Place, step: number): Cell {
  const size = 2 ** step;
  return {
    column: Math.trunc(((longitude + MAX_LONGITUDE) / LONGITUDES) * size),
    row: Math.trunc(((latitude + MAX_LATITUDE) / LATITUDES) * size),
    step,
  };
}

/** The score of the first place in a cell; those of all its places are below `firstScore + scoresOf`. */
export function firstScore({ column, row, step }: Cell): number {
  const scale = 2 ** (STEPS - step);
  return interleave(column * scale, row * scale);
}

export function scoresOf({ step }: Cell): number {
  return 4 ** (STEPS - step);
}

export function scoreOf(place: Place): number {
  return firstScore(cellOf(place, STEPS));
}

/** The same as `scoreOf`, as its decimal digits: at the eastern and northern edges there are more of them than a double has. */
export function scoreDigits(place: Place): string {
  const { column, row } = cellOf(place, STEPS);
  return String((BigInt(highBits(column, row)) << 32n) | BigInt(lowBits(column, row)));
}

function interleave(column: number, row: number): number {
  return highBits(column, row) * 0x100000000 + lowBits(column, row);
}

/** The bits of both by turns, the row's below the column's. */
function lowBits(column: number, row: number): number {
  return (spread(row & 0xffff) | (spread(column & 0xffff) << 1)) >>> 0;
}

function highBits(column: number, row: number): number {
  return (spread(row >>> 16) | (spread(column >>> 16) << 1)) >>> 0;
}

/** 16 bits with a zero above each. */
function spread(bits: number): number {
  bits = (bits | (bits << 8)) & 0x00ff00ff;
  bits = (bits | (bits << 4)) & 0x0f0f0f0f;
  bits = (bits | (bits << 2)) & 0x33333333;
  return (bits | (bits << 1)) & 0x55555555;
}

/** Every other bit of 32, from the lowest on. */
function gather(bits: number): number {
  bits &= 0x55555555;
  bits = (bits | (bits >>> 1)) & 0x33333333;
  bits = (bits | (bits >>> 2)) & 0x0f0f0f0f;
  bits = (bits | (bits >>> 4)) & 0x00ff00ff;
  return (bits | (bits >>> 8)) & 0xffff;
}

/** The middle of the cell that a score names. Any score names one: what sorted sets hold need not come from GEOADD. */
export function placeOf(score: number, into: Place): Place {
  let high: number;
  let low: number;
  if (score >= 0 && score < 0x20000000000000) {
    const whole = Math.trunc(score);
    high = Math.floor(whole / 0x100000000);
    low = whole >>> 0;
  } else {
    const bits = unsigned64(score);
    high = Number(bits >> 32n);
    low = Number(bits & 0xffffffffn);
  }
  const column = ((gather(high >>> 1) << 16) | gather(low >>> 1)) >>> 0;
  const row = ((gather(high) << 16) | gather(low)) >>> 0;
  const size = 2 ** STEPS;
  into.longitude = middle(column, size, MAX_LONGITUDE, LONGITUDES);
  into.latitude = middle(row, size, MAX_LATITUDE, LATITUDES);
  return into;
}

function middle(index: number, size: number, max: number, scale: number): number {
  const from = -max + (index / size) * scale;
  const to = -max + (((index + 1) >>> 0) / size) * scale;
  return Math.min(max, Math.max(-max, (from + to) / 2));
}

/** What a conversion to an unsigned number does on x86, where C leaves it open. */
function unsigned64(score: number): bigint {
  if (Number.isFinite(score) && score < 2 ** 64 && score > -(2 ** 63))
    return BigInt.asUintN(64, BigInt(Math.trunc(score)));
  return score < 0 ? 1n << 63n : 0n;
}

/** Where a cell lies. */
export interface Area {
  readonly west: number;
  readonly east: number;
  readonly south: number;
  readonly north: number;
}

export function areaOf({ column, row, step }: Cell): Area {
  const size = 2 ** step;
  return {
    west: -MAX_LONGITUDE + (column / size) * LONGITUDES,
    east: -MAX_LONGITUDE + ((column + 1) / size) * LONGITUDES,
    south: -MAX_LATITUDE + (row / size) * LATITUDES,
    north: -MAX_LATITUDE + ((row + 1) / size) * LATITUDES,
  };
}

/** The cell that lies so many cells to the east and to the north, around the world's edges. */
export function neighbour({ column, row, step }: Cell, east: number, north: number): Cell {
  const mask = 2 ** step - 1;
  return {
    column: east === 0 ? column : (column + east) & mask,
    row: north === 0 ? row : (row + north) & mask,
    step,
  };
}

const LETTERS = "0123456789bcdefghjkmnpqrstuvwxyz";

/** The geohash that the rest of the world knows: eleven letters, over latitudes up to the poles. The last one says nothing. */
export function geohashText({ longitude, latitude }: Place): string {
  const size = 2 ** STEPS;
  const column = Math.trunc(((longitude + 180) / 360) * size);
  const row = Math.trunc(((latitude + 90) / 180) * size);
  let text = "";
  let score = interleave(column, row) / 4;
  for (let i = 0; i < 10; i++) {
    const letter = Math.floor(score / 2 ** 45) % 32;
    text += LETTERS[letter]!;
    score = (score % 2 ** 45) * 32;
  }
  return `${text}0`;
}
