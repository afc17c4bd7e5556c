import type { BatchScope } from '../compile/renderer.ts'

/*
 * The batches of a microbatch model: stretches of time, each as long as batch_size, that are built one by one and
 * replace what they held before. All of it is UTC, and follows dbt: what a time belongs to, how far lookback goes,
 * and that the last batch ends where it was told to.
 */

export const batchSizes = ['hour', 'day', 'month', 'year'] as const
export type BatchSize = (typeof batchSizes)[number]

export interface BatchesRequest {
  readonly size: BatchSize
  /** Where the first build begins. */
  readonly begin: Date
  /** How many batches before the newest are built again. */
  readonly lookback: number
  /** Whether the table is there and carried on. */
  readonly isIncremental: boolean
  /** Times from the command line. */
  readonly from?: Date
  readonly to?: Date
  readonly now: Date
}

/** The batches to build, oldest first. */
export function planBatches(request: BatchesRequest): BatchScope[] {
  const { size } = request
  const last = ceiling(request.to ?? request.now, size)
  const batches: BatchScope[] = []
  for (let start = firstStart(request, last); start < last; start = offset(start, size, 1)) {
    const next = offset(start, size, 1)
    batches.push({ id: batchId(start, size), start, end: next < last ? next : last })
  }
  return batches
}

function firstStart({ size, begin, lookback, isIncremental, from }: BatchesRequest, last: Date): Date {
  if (from) return truncate(from, size)
  if (!isIncremental) return truncate(begin, size)
  // The end is a batch's edge, so the newest batch is the one before it.
  return offset(last, size, -(lookback + 1))
}

/** The beginning of the batch that a time belongs to. */
export function truncate(time: Date, size: BatchSize): Date {
  const parts = [time.getUTCFullYear(), time.getUTCMonth(), time.getUTCDate(), time.getUTCHours()]
  const kept = parts.slice(0, { year: 1, month: 2, day: 3, hour: 4 }[size])
  return utc(kept[0]!, kept[1] ?? 0, kept[2] ?? 1, kept[3] ?? 0)
}

function offset(time: Date, size: BatchSize, count: number): Date {
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

function ceiling(time: Date, size: BatchSize): Date {
  const start = truncate(time, size)
  return start.getTime() === time.getTime() ? time : offset(start, size, 1)
}

function utc(year: number, month: number, day: number, hour: number): Date {
  return new Date(Date.UTC(year, month, day, hour))
}

/** `20260131`, `20260131T05`, `202601`, `2026`. */
function batchId(start: Date, size: BatchSize): string {
  const length = { year: 4, month: 7, day: 10, hour: 13 }[size]
  return start.toISOString().slice(0, length).replaceAll('-', '')
}
