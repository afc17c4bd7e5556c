import { Dict, PySet, type Value } from '../dialect/index.ts'

/*
 * What macros note in `graph` beside the nodes, as packages do that collect results until the run ends. A rendering
 * that stops to ask the database begins again from the start, so what it noted until then has to be as if it had not
 * been: otherwise it would be noted twice, or be gone when it was taken out.
 */

/** `graph`, made when somebody asks for it, and what macros add to it. */
export interface NotedGraph {
  readonly value: () => Dict
  /** Runs one attempt at a rendering; one that comes to no end, or is not meant to last, leaves the notes as they were. */
  attempt<Result>(run: () => Result, lasts: boolean): Result
}

/** Makes the graph of a compiled project from `make`. */
export function notedGraph(make: () => Dict): NotedGraph {
  let graph: Dict | null = null
  let own: ReadonlySet<Value> = new Set()
  const notes = () => [...(graph?.entries.values() ?? [])].filter(([key]) => !own.has(key))
  return {
    value() {
      if (graph) return graph
      graph = make()
      own = new Set([...graph.entries.values()].map(([key]) => key))
      return graph
    },
    attempt(run, lasts) {
      const before = notes().map(([key, value]) => [key, copied(value, new Map())] as const)
      let isKept = false
      try {
        const result = run()
        isKept = lasts
        return result
      } finally {
        if (!isKept) {
          for (const [key] of notes()) graph!.delete(key)
          for (const [key, value] of before) graph!.set(key, value)
        }
      }
    },
  }
}

/** A copy of what can be changed, which keeps what is the same thing the same. */
function copied(value: Value, seen: Map<Value, Value>): Value {
  const known = seen.get(value)
  if (known !== undefined) return known
  if (Array.isArray(value)) {
    const list: Value[] = []
    seen.set(value, list)
    for (const item of value) list.push(copied(item, seen))
    return list
  }
  if (value instanceof Dict) {
    const dict = new Dict()
    seen.set(value, dict)
    for (const [key, item] of value.entries.values()) dict.set(key, copied(item, seen))
    return dict
  }
  return value instanceof PySet ? new PySet(value.entries.values()) : value
}
