import type { RunView } from './run-view.ts'

/** Below this share of nodes whose usual time is known, an estimate would be a guess. */
const leastKnown = 0.8

/**
 * How long a run still takes, from what its nodes took before; null where too little is known. What is left is
 * divided by as many as work at the same time, and is at least what the longest of those at work still needs.
 */
export function timeLeftMs(view: RunView, nowMs: number): number | null {
  const { undone, usualSeconds, running, finished } = view
  const known = [...undone].filter((id) => usualSeconds[id] !== undefined)
  if (undone.size === 0 || known.length < undone.size * leastKnown) return null
  const atWork = new Map(running.map(({ nodeId, startedAtMs }) => [nodeId, nowMs - startedAtMs]))
  const left = known.map((id) => Math.max(0, usualSeconds[id]! * 1000 - (atWork.get(id) ?? 0)))
  const longest = Math.max(0, ...known.flatMap((id, index) => (atWork.has(id) ? [left[index]!] : [])))
  const sum = left.reduce((total, one) => total + one, 0) * (undone.size / known.length)
  const workers = Math.max(1, running.length || (finished > 0 ? 1 : undone.size))
  return Math.max(longest, sum / workers)
}
