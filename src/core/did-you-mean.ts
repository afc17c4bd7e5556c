import { distance } from 'fastest-levenshtein'

/*
 * Suggestions for names that were probably mistyped; every message that says "did you mean" comes through here.
 */

/** The candidates that look like `name`, nearest first; none when nothing comes near. */
export function closestNames(name: string, candidates: Iterable<string>, limit = 3): string[] {
  const wanted = fold(name)
  const allowed = Math.max(1, Math.floor(wanted.length / 3))
  const scored: { candidate: string; score: number }[] = []
  for (const candidate of new Set(candidates)) {
    const folded = fold(candidate)
    if (Math.abs(folded.length - wanted.length) > allowed && !holdsEachOther(folded, wanted)) continue
    const edits = distance(wanted, folded)
    // A name that is a part of the other is near whatever its length, but after those that are one slip away.
    const score = edits <= allowed ? edits : holdsEachOther(folded, wanted) ? allowed + edits / 100 : Infinity
    if (score < Infinity) scored.push({ candidate, score })
  }
  scored.sort((a, b) => a.score - b.score || (a.candidate < b.candidate ? -1 : 1))
  return scored.slice(0, limit).map(({ candidate }) => candidate)
}

/** `did you mean 'orders'?`, or undefined when no candidate comes near. */
export function didYouMean(name: string, candidates: Iterable<string>): string | undefined {
  const names = closestNames(name, candidates)
  return names.length > 0 ? `did you mean ${quotedList(names)}?` : undefined
}

/** `'a', 'b' or 'c'`. */
export function quotedList(names: readonly string[], conjunction: 'or' | 'and' = 'or'): string {
  const quoted = names.map((name) => `'${name}'`)
  if (quoted.length < 2) return quoted.join('')
  return `${quoted.slice(0, -1).join(', ')} ${conjunction} ${quoted.at(-1)}`
}

/** Case and the kind of separator are what people mix up most, so they count as equal. */
function fold(name: string): string {
  return name.toLowerCase().replace(/[-\s]/g, '_')
}

function holdsEachOther(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a]
  return short.length >= 4 && long.includes(short)
}
