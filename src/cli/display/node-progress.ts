import { formatCount, formatElapsed } from './numbers.ts'
import type { RunningNode } from './run-view.ts'

/** How far a node is, in batches or in rows; empty where nothing is known. */
export function nodeProgress(node: RunningNode, nowMs: number): string {
  const { batches } = node
  return batches
    ? `${formatCount(batches.done)} of ${formatCount(batches.total)} batches`
    : loadProgress(node, nowMs)
}

/** `1,250,000 rows  412,000 rows/s  58 %  3.1s left`, as far as it is known; empty before the first rows. */
function loadProgress(node: RunningNode, nowMs: number): string {
  if (node.rows === null) return ''
  const elapsedMs = Math.max(1, nowMs - node.startedAtMs)
  const rowsPerSecond = (node.rows / elapsedMs) * 1000
  const parts = [`${formatCount(node.rows)} rows`, `${formatCount(rowsPerSecond)} rows/s`]
  if (node.expectedRows !== null && node.expectedRows > 0 && node.rows > 0) {
    // What is expected is an estimate: more rows than that are still not 100 % before the load is done.
    const share = Math.min(0.99, node.rows / node.expectedRows)
    parts.push(`${Math.floor(share * 100)} %`, `${formatElapsed((elapsedMs * (1 - share)) / share)} left`)
  }
  return parts.join('  ')
}
