/*
 * How numbers are written for people: counts with thousands separators, durations in the unit that reads best.
 */

/** 412331 → `412,331`. */
export function formatCount(count: number): string {
  // Not toLocaleString, whose first call reads tables for ten milliseconds.
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** A count with its noun: `1 row`, `2 rows`. */
export function formatCounted(count: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(count)} ${count === 1 ? singular : plural}`
}

/** 1840 → `1.84s`; 75000 → `1m 15s`; 3700000 → `1h 01m`. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000
  if (seconds < 59.995) return `${seconds.toFixed(2)}s`
  return formatLong(Math.round(seconds))
}

/** Elapsed or remaining time while something runs, to the tenth below a minute: it changes as one looks. */
export function formatElapsed(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000
  return seconds < 59.95 ? `${seconds.toFixed(1)}s` : formatLong(Math.round(seconds))
}

function formatLong(seconds: number): string {
  const twoDigits = (value: number): string => String(value).padStart(2, '0')
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${twoDigits(seconds % 60)}s`
  return `${Math.floor(seconds / 3600)}h ${twoDigits(Math.floor((seconds % 3600) / 60))}m`
}

/** 0.0312 → `+3.12 %`. */
export function formatSignedPercent(share: number, digits = 2): string {
  const text = (share * 100).toFixed(digits)
  const isZero = Number(text) === 0
  return `${isZero ? (0).toFixed(digits) : share > 0 ? `+${text}` : text} %`
}

/** A number with so many significant digits and its sign: 0.01234 → `+0.0123`. */
export function formatSigned(value: number, significant = 3): string {
  if (value === 0) return '0'
  const text = Number(value.toPrecision(significant)).toString()
  return value > 0 ? `+${text}` : text
}

/** 1536 → `1.5 kB`, in powers of 1024 as PostgreSQL does. */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10))
  const value = bytes / 1024 ** power
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`
}
