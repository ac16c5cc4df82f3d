/** Distances on the globe in meters, by the haversine formula on Redis' radius. */
import { arcSine, cosine, sine } from "../../base/trigonometry.ts";

export const EARTH_RADIUS_METERS = 6372797.560856;
const RADIANS = Math.PI / 180;

export function radians(degrees: number): number {
  return degrees * RADIANS;
}

export function degrees(angle: number): number {
  return angle / RADIANS;
}

/** Along a meridian. */
export function latitudeDistance(from: number, to: number): number {
  return EARTH_RADIUS_METERS * Math.abs(radians(to) - radians(from));
}

/** To the last bit what Redis gets (but for one in some hundred, where C's library itself is off by that bit). */
export function distance(longitude1: number, latitude1: number, longitude2: number, latitude2: number): number {
  const v = sine((radians(longitude2) - radians(longitude1)) / 2);
  if (v === 0) return latitudeDistance(latitude1, latitude2);
  const from = radians(latitude1);
  const to = radians(latitude2);
  const u = sine((to - from) / 2);
  const a = u * u + cosine(from) * cosine(to) * v * v;
  return 2 * EARTH_RADIUS_METERS * arcSine(Math.sqrt(a));
}

/** The same quickly, off by less than a part in `ROUGHNESS`: of most places it is enough to know that they are too far or near. */
export function roughDistance(longitude1: number, latitude1: number, longitude2: number, latitude2: number): number {
  const v = Math.sin((radians(longitude2) - radians(longitude1)) / 2);
  const from = radians(latitude1);
  const to = radians(latitude2);
  const u = Math.sin((to - from) / 2);
  const a = u * u + Math.cos(from) * Math.cos(to) * v * v;
  return 2 * EARTH_RADIUS_METERS * Math.asin(Math.min(1, Math.sqrt(a)));
}

/** What a rough distance, in meters, can be off by. */
export function roughness(meters: number): number {
  return meters * 1e-7 + 1e-6;
}

/** Whether the distance is at most `limit`, given what it is roughly. */
export function isWithin(
  rough: number,
  limit: number,
  longitude1: number,
  latitude1: number,
  longitude2: number,
  latitude2: number,
): boolean {
  const doubt = roughness(limit);
  if (rough > limit + doubt) return false;
  return rough < limit - doubt || distance(longitude1, latitude1, longitude2, latitude2) <= limit;
}
