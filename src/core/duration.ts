/*
 * Lengths of time as people write them in YAML: `90` (seconds), `90s`, `5m`, `1h30m`, `2 days`.
 */

const secondsOf: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }
const part = /(\d+(?:\.\d+)?)\s*(seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|w)\s*/y

/** The seconds of a duration; null for a text that is none. */
export function durationSeconds(text: string): number | null {
  const trimmed = text.trim().toLowerCase()
  let seconds = 0
  part.lastIndex = 0
  while (part.lastIndex < trimmed.length) {
    const found = part.exec(trimmed)
    if (!found) return null
    seconds += Number(found[1]) * secondsOf[found[2]![0]!]!
  }
  return trimmed === '' ? null : seconds
}

/** `1h 30m`: at most two units, of which the smaller is left out where it is nothing. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds)
  const units = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'm'],
    [1, 's'],
  ] as const
  const first = units.findIndex(([size]) => whole >= size)
  if (first < 0) return '0s'
  const [size, name] = units[first]!
  const next = units[first + 1]
  const rest = next ? Math.floor((whole % size) / next[0]) : 0
  return `${Math.floor(whole / size)}${name}${rest > 0 ? ` ${rest}${next![1]}` : ''}`
}
