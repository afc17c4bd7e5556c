import type { BatchScope } from '../compile/renderer.ts'
import { type Interval, interval, normalIntervals } from '../core/intervals.ts'

/*
 * Batches: stretches of time, each as long as its size says, that are built one by one and replace what they held
 * before. All of it is UTC, and follows dbt: what a time belongs to and what a batch is called.
 */

/** From the shortest to the longest; an edge of one is an edge of all that are shorter. */
export const batchSizes = ['hour', 'day', 'month', 'year'] as const
export type BatchSize = (typeof batchSizes)[number]

/** The batches that have any of the times, whole. */
export function wholeBatches(intervals: Iterable<Interval>, size: BatchSize): Interval[] {
  return normalIntervals(
    normalIntervals(intervals).map(({ from, to }) =>
      interval(truncate(new Date(from), size), ceiling(new Date(to), size)),
    ),
  )
}

/**
 * The times in pieces none of which goes over an edge of `size`, oldest first, each named after the grain with which it
 * begins; without a size in as few pieces as they come.
 */
export function cutIntoBatches(
  intervals: Iterable<Interval>,
  size: BatchSize | null,
  grain: BatchSize,
): BatchScope[] {
  const batches: BatchScope[] = []
  for (const { from, to } of normalIntervals(intervals)) {
    const last = new Date(to)
    for (let start = new Date(from); start < last; ) {
      const next = size === null ? last : offset(start, size, 1)
      const end = next < last ? next : last
      batches.push({ id: batchId(start, grain), start, end })
      start = end
    }
  }
  return batches
}

/** The beginning of the batch that a time belongs to. */
export function truncate(time: Date, size: BatchSize): Date {
  const parts = [time.getUTCFullYear(), time.getUTCMonth(), time.getUTCDate(), time.getUTCHours()]
  const kept = parts.slice(0, { year: 1, month: 2, day: 3, hour: 4 }[size])
  return utc(kept[0]!, kept[1] ?? 0, kept[2] ?? 1, kept[3] ?? 0)
}

/** The beginning of the batch that is so many after the one that a time belongs to. */
export function offset(time: Date, size: BatchSize, count: number): Date {
  const start = truncate(time, size)
  const [year, month, day, hour] = [
    start.getUTCFullYear(),
    start.getUTCMonth(),
    start.getUTCDate(),
    start.getUTCHours(),
  ]
  switch (size) {
    case 'year':
      return utc(year + count, month, day, hour)
    case 'month':
      return utc(year, month + count, day, hour)
    case 'day':
      return utc(year, month, day + count, hour)
    case 'hour':
      return utc(year, month, day, hour + count)
  }
}

/** The first edge of a batch that is not before a time. */
export function ceiling(time: Date, size: BatchSize): Date {
  const start = truncate(time, size)
  return start.getTime() === time.getTime() ? time : offset(start, size, 1)
}

/** Whether a batch begins at a time. */
export function isEdge(time: Date, size: BatchSize): boolean {
  return truncate(time, size).getTime() === time.getTime()
}

function utc(year: number, month: number, day: number, hour: number): Date {
  return new Date(Date.UTC(year, month, day, hour))
}

/** `20260131`, `20260131T05`, `202601`, `2026`. */
function batchId(start: Date, size: BatchSize): string {
  const length = { year: 4, month: 7, day: 10, hour: 13 }[size]
  return start.toISOString().slice(0, length).replaceAll('-', '')
}
