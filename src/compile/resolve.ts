import { closestNames, didYouMean } from '../core/did-you-mean.ts'
import type { Node, NodeId } from '../core/node.ts'
import { makeProblem, type Problem } from '../core/problem.ts'
import type { RefCall, SourceCall } from './context/context.ts'
import type { Read } from './nodes/draft.ts'

/*
 * Names become nodes: what ref() and source() mean in this project.
 */

/** A node that ref() may name: a model, seed or job. */
type Referable = Pick<Node, 'id' | 'name' | 'package' | 'resourceType'>

export interface Resolver {
  ref(call: RefCall): NodeId | null
  source(call: SourceCall): NodeId | null
  /** What to tell about a name that means nothing. */
  explain(read: Read, sourceText: string | undefined): Problem
}

export function makeResolver(
  nodes: readonly (Referable & { readonly sourceName?: string })[],
  disabled: ReadonlySet<string>,
): Resolver {
  const referable = nodes.filter(({ resourceType }) => ['model', 'seed', 'job'].includes(resourceType))
  const byName = new Map(referable.map((node) => [node.name, node]))
  const sources = new Map(
    nodes
      .filter((node) => node.resourceType === 'source')
      .map((node) => [`${node.sourceName}.${node.name}`, node.id]),
  )
  return {
    ref: (call) => {
      const node = byName.get(call.name)
      return node && (call.package === undefined || call.package === node.package) ? node.id : null
    },
    source: ({ source, table }) => sources.get(`${source}.${table}`) ?? null,
    explain: (read, source) => {
      const details = { place: read.place, ...(source !== undefined && { source }) }
      if (read.kind === 'source') {
        const near = closestNames(`${read.source}.${read.table}`, sources.keys())[0]
        const hint = near
          ? `did you mean source('${near.split('.').join("', '")}')?`
          : 'declare it under sources: in a YAML file below models/'
        return makeProblem('source-unknown', `source('${read.source}', '${read.table}') matches no source`, {
          ...details,
          hint,
        })
      }
      const written =
        read.package === undefined ? `ref('${read.name}')` : `ref('${read.package}', '${read.name}')`
      if (disabled.has(read.name))
        return makeProblem('ref-unknown', `${written} names a node that is switched off`, {
          ...details,
          hint: 'its config says enabled: false',
        })
      const near = didYouMean(read.name, byName.keys())
      const load = nodes.find((node) => node.resourceType === 'load' && node.name === read.name)
      const hint =
        near ??
        (load
          ? `'${read.name}' is a load: read its tables with source()`
          : 'models, seeds and analyses can be named; tables from outside are read with source()')
      return makeProblem('ref-unknown', `${written} matches no node`, { ...details, hint })
    },
  }
}
