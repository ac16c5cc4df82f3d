/**
 * Which cells to look through for the places within a circle or a box: the cell of its centre, as small as it can be so that
 * with its eight neighbours it covers the shape, and those of the neighbours that reach into it. Which cells these are, and in
 * which order, shows in replies that are not sorted, so it is reckoned as Redis does.
 */
import { cosine } from "../../base/trigonometry.ts";
import { areaOf, type Cell, cellOf, neighbour, type Place, STEPS } from "./cells.ts";
import {
  degrees,
  distance,
  EARTH_RADIUS_METERS,
  isWithin,
  latitudeDistance,
  radians,
  roughDistance,
  roughness,
} from "./distance.ts";

/** What is searched. Lengths are in units of `unitMeters`. */
export interface Shape {
  readonly center: Place;
  readonly unitMeters: number;
  /** A circle has a radius, a box has a width and a height. */
  readonly radius?: number;
  readonly width?: number;
  readonly height?: number;
}

/** About how far a place within the shape is from its centre, in meters (see `roughness`); -1 for a place that is not in it. */
export function roughlyInside(shape: Shape, { longitude, latitude }: Place): number {
  const { center, unitMeters, radius, width = 0, height = 0 } = shape;
  const north = latitudeDistance(latitude, center.latitude);
  if (radius !== undefined) {
    const limit = radius * unitMeters;
    // Many places of the cells are too far to the north or south: that is quickly seen.
    if (north > limit + roughness(limit)) return -1;
    const rough = roughDistance(center.longitude, center.latitude, longitude, latitude);
    return isWithin(rough, limit, center.longitude, center.latitude, longitude, latitude) ? rough : -1;
  }
  if (north > (height * unitMeters) / 2) return -1;
  // How far it is to the east or west is measured on the place's own parallel.
  const across = roughDistance(longitude, latitude, center.longitude, latitude);
  const most = (width * unitMeters) / 2;
  if (!isWithin(across, most, longitude, latitude, center.longitude, latitude)) return -1;
  return roughDistance(center.longitude, center.latitude, longitude, latitude);
}

/** The distance in meters of a place from the centre, exactly. */
export function distanceFrom({ center }: Shape, { longitude, latitude }: Place): number {
  return distance(center.longitude, center.latitude, longitude, latitude);
}

interface Bounds {
  readonly west: number;
  readonly east: number;
  readonly south: number;
  readonly north: number;
}

function boundsOf({ center, unitMeters, radius, width = 0, height = 0 }: Shape): Bounds {
  const up = degrees((unitMeters * (radius ?? height / 2)) / EARTH_RADIUS_METERS);
  const across = (unitMeters * (radius ?? width / 2)) / EARTH_RADIUS_METERS;
  // Towards the pole a length spans more degrees: the far edge is what counts.
  const edge = center.latitude < 0 ? center.latitude - up : center.latitude + up;
  const side = degrees(across / cosine(radians(edge)));
  return {
    west: center.longitude - side,
    east: center.longitude + side,
    south: center.latitude - up,
    north: center.latitude + up,
  };
}

/** Half of the equator as the map has it. */
const MERCATOR_MAX = 20037726.37;

/** How small cells may be so that three by three of them cover the radius. */
function estimateSteps(radiusMeters: number, latitude: number): number {
  if (radiusMeters === 0) return STEPS;
  let step = 1;
  for (let meters = radiusMeters; meters < MERCATOR_MAX; meters *= 2) step++;
  // One more for the radius' other side, one for a centre at its cell's edge; and degrees are shorter towards the poles.
  step -= 2;
  const north = Math.abs(latitude);
  if (north > 66) step--;
  if (north > 80) step--;
  return Math.min(STEPS, Math.max(1, step));
}

/** The cells, in the order in which they are looked through. */
export function cellsOf(shape: Shape): Cell[] {
  const { center, unitMeters, radius, width = 0, height = 0 } = shape;
  const bounds = boundsOf(shape);
  const reach = (radius ?? Math.sqrt((width / 2) * (width / 2) + (height / 2) * (height / 2))) * unitMeters;
  let steps = estimateSteps(reach, center.latitude);
  let cell = cellOf(center, steps);
  if (steps > 1 && !covers(cell, bounds)) cell = cellOf(center, --steps);
  const area = areaOf(cell);
  // Of very large cells all are needed.
  const all = steps < 2;
  const north = all || area.north <= bounds.north;
  const south = all || area.south >= bounds.south;
  const east = all || area.east <= bounds.east;
  const west = all || area.west >= bounds.west;
  const cells = [cell];
  if (north) cells.push(neighbour(cell, 0, 1));
  if (south) cells.push(neighbour(cell, 0, -1));
  if (east) cells.push(neighbour(cell, 1, 0));
  if (west) cells.push(neighbour(cell, -1, 0));
  if (north && east) cells.push(neighbour(cell, 1, 1));
  if (north && west) cells.push(neighbour(cell, -1, 1));
  if (south && east) cells.push(neighbour(cell, 1, -1));
  if (south && west) cells.push(neighbour(cell, -1, -1));
  // Around a small world neighbours are the same cell, one behind the other.
  return cells.filter((other, i) => i < 2 || other.column !== cells[i - 1]!.column || other.row !== cells[i - 1]!.row);
}

/** Whether the neighbours reach at least as far as the shape. */
function covers(cell: Cell, bounds: Bounds): boolean {
  return (
    areaOf(neighbour(cell, 0, 1)).north >= bounds.north &&
    areaOf(neighbour(cell, 0, -1)).south <= bounds.south &&
    areaOf(neighbour(cell, 1, 0)).east >= bounds.east &&
    areaOf(neighbour(cell, -1, 0)).west <= bounds.west
  );
}
