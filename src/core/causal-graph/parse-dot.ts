import type { CausalEdge } from './causal-graph.ts'
import { join, type ParsedGraph } from './parse-edges.ts'

/*
 * Graphs in DOT, as Graphviz, DoWhy and DAGitty write them: nodes, arrows and groups. Of attributes only those count
 * that say a node is not observed: `latent`, `unobserved`, `observed="no"`.
 */

interface Token {
  readonly kind: 'name' | 'mark'
  readonly text: string
}

/** Reads DOT; what is wrong with it comes back in words. */
export function parseDot(text: string): ParsedGraph | { readonly fault: string } {
  const tokens = tokensOf(text)
  if ('fault' in tokens) return tokens
  const open = tokens.findIndex(({ kind, text: mark }) => kind === 'mark' && mark === '{')
  const [first] = tokens
  if (!first || !['digraph', 'dag', 'graph', 'strict'].includes(first.text.toLowerCase()) || open < 0)
    return { fault: "it must be 'digraph { … }'" }
  return readBody(tokens.slice(open + 1))
}

function tokensOf(text: string): Token[] | { readonly fault: string } {
  const bare = text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|^\s*#[^\n]*/gm, ' ')
  const pattern = /\s+|"((?:[^"\\]|\\.)*)"|(<->|->|<-|--|[{}[\];,=])|([\w$.]+)/y
  const tokens: Token[] = []
  while (pattern.lastIndex < bare.length) {
    const from = pattern.lastIndex
    const found = pattern.exec(bare)
    if (!found) return { fault: `'${bare.slice(from, from + 12).trim()}' is not understood` }
    if (found[1] !== undefined) tokens.push({ kind: 'name', text: found[1] })
    else if (found[2] !== undefined) tokens.push({ kind: 'mark', text: found[2] })
    else if (found[3] !== undefined) tokens.push({ kind: 'name', text: found[3] })
  }
  return tokens
}

/** What Graphviz calls the looks of all nodes, and is none of them. */
const defaults = new Set(['node', 'edge', 'graph'])

function readBody(tokens: readonly Token[]): ParsedGraph | { readonly fault: string } {
  const nodes = new Set<string>()
  const unobserved = new Set<string>()
  const edges: CausalEdge[] = []
  let at = 0
  const peek = (): string => tokens[at]?.text ?? ''
  const isMark = (text: string): boolean => tokens[at]?.kind === 'mark' && peek() === text

  function group(): string[] | null {
    if (isMark('{')) {
      at++
      const names: string[] = []
      while (at < tokens.length && !isMark('}')) {
        if (tokens[at]!.kind === 'name') names.push(peek())
        at++
      }
      at++
      return names
    }
    if (tokens[at]?.kind !== 'name') return null
    const name = peek()
    at++
    return [name]
  }

  function attributes(): Map<string, string> {
    const found = new Map<string, string>()
    if (!isMark('[')) return found
    at++
    while (at < tokens.length && !isMark(']')) {
      const key = peek()
      at++
      if (!isMark('=')) found.set(key.toLowerCase(), '')
      else {
        at++
        found.set(key.toLowerCase(), peek().toLowerCase())
        at++
      }
    }
    at++
    return found
  }

  while (at < tokens.length && !isMark('}')) {
    if (isMark(';') || isMark(',')) {
      at++
      continue
    }
    let left = group()
    if (!left) return { fault: `'${peek()}' is not understood` }
    if (isMark('=')) {
      at += 2
      continue
    }
    const named = new Set(left)
    while (['->', '<-', '<->', '--'].includes(peek()) && tokens[at]?.kind === 'mark') {
      const arrow = peek()
      if (arrow === '--') return { fault: `'${left[0]} --' has no direction: write ->` }
      at++
      const right = group()
      if (!right) return { fault: `nothing stands after '${left[0]} ${arrow}'` }
      const hidden: string[] = []
      for (const a of left) for (const b of right) join(arrow, a, b, edges, hidden)
      for (const name of hidden) unobserved.add(name)
      for (const name of right) named.add(name)
      left = right
    }
    const said = attributes()
    if (named.size === 1 && defaults.has([...named][0]!)) continue
    for (const name of named) {
      nodes.add(name)
      if (isHidden(said)) unobserved.add(name)
    }
  }
  if (!isMark('}')) return { fault: "the closing '}' is missing" }
  return { nodes: [...nodes], edges, unobserved: [...unobserved] }
}

function isHidden(attributes: ReadonlyMap<string, string>): boolean {
  return (
    attributes.has('latent') ||
    attributes.has('unobserved') ||
    attributes.get('observed') === 'no' ||
    attributes.get('observed') === 'false'
  )
}
