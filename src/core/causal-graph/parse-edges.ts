import type { CausalEdge } from './causal-graph.ts'

/*
 * Edges as people write them: `a -> b`, `a -> b -> c`, `a -> b, c`, `b <- a`, and `a <-> b` for a common cause that
 * nobody observes.
 */

/** What a line or a drawing says. */
export interface ParsedGraph {
  readonly nodes: readonly string[]
  readonly edges: readonly CausalEdge[]
  readonly unobserved: readonly string[]
}

/** The unobserved common cause that `a <-> b` stands for. */
export function commonCauseOf(a: string, b: string): string {
  return `unobserved_${a}_${b}`
}

/** One line; what is wrong with it comes back in words. */
export function parseEdges(line: string): ParsedGraph | { readonly fault: string } {
  const parts = line
    .split(/(<->|->|<-)/)
    .map((part) => part.trim())
    .filter((part, index, all) => part !== '' || index % 2 === 1 || all.length === 1)
  const edges: CausalEdge[] = []
  const unobserved: string[] = []
  const groups: string[][] = []
  for (let at = 0; at < parts.length; at += 2) {
    const names = parts[at]!.split(',').map((name) => name.trim())
    const wrong = names.find((name) => !isName(name))
    if (wrong !== undefined) return { fault: wrong === '' ? 'a name is missing' : `'${wrong}' is no name` }
    groups.push(names)
  }
  if (parts.length % 2 === 0) return { fault: 'a name is missing' }
  if (groups.length < 2) return { fault: 'it has no arrow' }
  for (let at = 0; at + 1 < groups.length; at++)
    for (const left of groups[at]!)
      for (const right of groups[at + 1]!) join(parts[at * 2 + 1]!, left, right, edges, unobserved)
  return { nodes: [...new Set(groups.flat())], edges, unobserved }
}

/** Adds what an arrow between two nodes says. */
export function join(
  arrow: string,
  left: string,
  right: string,
  edges: CausalEdge[],
  unobserved: string[],
): void {
  if (arrow === '->') edges.push({ from: left, to: right })
  else if (arrow === '<-') edges.push({ from: right, to: left })
  else {
    const cause = commonCauseOf(left, right)
    unobserved.push(cause)
    edges.push({ from: cause, to: left }, { from: cause, to: right })
  }
}

function isName(text: string): boolean {
  return /^[A-Za-z_][\w$ ]*$/.test(text)
}
