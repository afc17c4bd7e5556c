import type { NodeId } from '../../core/node.ts'
import type { Onlooker } from '../compile.ts'

/*
 * What templates looked at while a project was compiled that is neither in the project nor among the options of
 * compiling it.
 */

export interface Sightings {
  /** Files whose templates asked what time it is while they were drafted. */
  readonly timedFiles: ReadonlySet<string>
  /** Whether values of YAML did, or macros that name relations. */
  readonly timedValues: boolean
  /** Nodes whose SQL depends on the time, or on every other node. */
  readonly unsteady: ReadonlySet<NodeId>
}

/** Makes the onlooker, with what it has seen so far. */
export function watchTemplates(): { readonly onlooker: Onlooker; readonly sightings: Sightings } {
  const timedFiles = new Set<string>()
  const unsteady = new Set<NodeId>()
  const sightings = { timedFiles, timedValues: false, unsteady }
  const onlooker: Onlooker = {
    drafting: (name, file) => {
      if (name !== 'now' && name !== 'run_started_at') return
      if (file === null) sightings.timedValues = true
      else timedFiles.add(file)
    },
    // While SQL is looked at, a run starts at a time that is always the same.
    checking: (name, nodeId) => {
      if (name === 'now' || name === 'graph') unsteady.add(nodeId)
    },
  }
  return { onlooker, sightings }
}
