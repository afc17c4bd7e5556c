import { closestNames, didYouMean } from '../core/did-you-mean.ts'
import type { Node, NodeId } from '../core/node.ts'
import { makeProblem, type Problem } from '../core/problem.ts'
import type { ProjectConfig } from '../core/project.ts'
import type { FunctionCall, RefCall, SourceCall } from './context/context.ts'
import type { Read } from './nodes/draft.ts'

/*
 * Names become nodes: what ref() and source() mean in this project. A name without a package is looked for in the
 * project, then in the package that asks, then in all of them, where it must be the only one.
 */

/** A node that ref() may name: a model, seed, snapshot, job or table of a job. */
export type Referable = Pick<Node, 'id' | 'name' | 'package' | 'resourceType'> & {
  readonly sourceName?: string
  readonly version?: string | number
  readonly latestVersion?: string | number
}

export interface Resolver {
  /** The node that is meant, or null when there is none or more than one. `from` is the package that asks. */
  ref(call: RefCall, from?: string): NodeId | null
  source(call: SourceCall, from?: string): NodeId | null
  function(call: FunctionCall, from?: string): NodeId | null
  /** What any of them means. */
  read(read: Read, from: string): NodeId | null
  /** What to tell about a name that means nothing. */
  explain(read: Read, from: string, sourceText: string | undefined): Problem
  /** Whether the name is that of a node that is switched off. */
  isDisabled(read: Read): boolean
}

/** Whether a flag of the project says that a package's own nodes come first. */
export function searchesOwnFirst({ flags }: Pick<ProjectConfig, 'flags'>): boolean {
  return flags['require_ref_searches_node_package_before_root'] === true
}

/** `ownFirst`: a package's own nodes come before those of the project. */
export function makeResolver(
  nodes: readonly Referable[],
  disabled: readonly Referable[],
  root: string,
  ownFirst = false,
): Resolver {
  const refs = indexByKey(nodes.filter(isReferable), refKeys)
  const sources = indexByKey(nodes.filter(isSource), sourceKeys)
  const functions = indexByKey(nodes.filter(isFunction), functionKeys)
  const disabledFunctions = indexByKey(disabled.filter(isFunction), functionKeys)
  const disabledRefs = indexByKey(disabled.filter(isReferable), refKeys)
  const disabledSources = indexByKey(disabled.filter(isSource), sourceKeys)

  const order = (from: string): readonly string[] => (ownFirst ? [from, root] : [root, from])
  const ref: Resolver['ref'] = (call, from = root) =>
    lookUp(refs, keyOfRef(call), order(from), call.package)?.id ?? null
  const source: Resolver['source'] = (call, from = root) =>
    lookUp(sources, `${call.source}.${call.table}`, order(from))?.id ?? null
  const functionOf: Resolver['function'] = (call, from = root) =>
    lookUp(functions, call.name, order(from), call.package)?.id ?? null
  const isDisabled = (read: Read): boolean => {
    switch (read.kind) {
      case 'ref':
        return disabledRefs.has(keyOfRef(read))
      case 'source':
        return disabledSources.has(`${read.source}.${read.table}`)
      case 'function':
        return disabledFunctions.has(read.name)
    }
  }
  return {
    ref,
    source,
    function: functionOf,
    read(read, from) {
      switch (read.kind) {
        case 'ref':
          return ref(read, from)
        case 'source':
          return source(read, from)
        case 'function':
          return functionOf(read, from)
      }
    },
    isDisabled,
    explain(read, from, text) {
      const details = { place: read.place, ...(text !== undefined && { source: text }) }
      const written = writtenAs(read)
      const code = read.kind === 'source' ? 'source-unknown' : 'ref-unknown'
      if (isDisabled(read))
        return makeProblem(code, `${written} names a node that is switched off`, {
          ...details,
          hint: 'its config says enabled: false',
        })
      if (read.kind === 'source') {
        const near = closestNames(`${read.source}.${read.table}`, sources.keys())[0]
        const hint = near
          ? `did you mean source('${near.split('.').join("', '")}')?`
          : 'declare it under sources: in a YAML file below models/'
        return makeProblem(code, `${written} matches no source`, { ...details, hint })
      }
      if (read.kind === 'function')
        return makeProblem(code, `${written} matches no function`, {
          ...details,
          hint: didYouMean(read.name, [...functions.keys()]) ?? 'its body has to lie below functions/',
        })
      const several = refs.get(keyOfRef(read)) ?? []
      if (several.length > 1) {
        const packages = several.map((node) => `ref('${node.package}', '${read.name}')`)
        return makeProblem(code, `${written} from package '${from}' could mean several nodes`, {
          ...details,
          hint: `write ${packages.join(' or ')}`,
        })
      }
      return makeProblem(code, `${written} matches no node`, { ...details, hint: hintFor(read, nodes, refs) })
    },
  }
}

const isReferable = ({ resourceType }: Referable): boolean =>
  ['model', 'seed', 'snapshot', 'job', 'job_table'].includes(resourceType)
const isFunction = ({ resourceType }: Referable): boolean => resourceType === 'function'
const isSource = ({ resourceType }: Referable): boolean => resourceType === 'source'

type Index = ReadonlyMap<string, readonly Referable[]>

function indexByKey(nodes: readonly Referable[], keysOf: (node: Referable) => readonly string[]): Index {
  const index = new Map<string, Referable[]>()
  for (const node of nodes)
    for (const key of keysOf(node)) {
      const known = index.get(key)
      if (known) known.push(node)
      else index.set(key, [node])
    }
  return index
}

/** A version is named with its number; the latest one also without. */
function refKeys({ name, version, latestVersion }: Referable): string[] {
  if (version === undefined) return [name]
  return String(version) === String(latestVersion) ? [`${name}.v${version}`, name] : [`${name}.v${version}`]
}

function keyOfRef({ name, version }: RefCall): string {
  return version === undefined ? name : `${name}.v${version}`
}

function functionKeys({ name }: Referable): string[] {
  return [name]
}

function sourceKeys({ sourceName, name }: Referable): string[] {
  return [`${sourceName}.${name}`]
}

function lookUp(index: Index, key: string, order: readonly string[], wanted?: string): Referable | undefined {
  const found = index.get(key) ?? []
  const within = (packageName: string) => found.find((node) => node.package === packageName)
  if (wanted !== undefined) return within(wanted)
  const near = order.map(within).find((node) => node !== undefined)
  return near ?? (found.length === 1 ? found[0] : undefined)
}

function writtenAs(read: Read): string {
  if (read.kind === 'source') return `source('${read.source}', '${read.table}')`
  const name = read.package === undefined ? `'${read.name}'` : `'${read.package}', '${read.name}'`
  if (read.kind === 'function') return `function(${name})`
  return `ref(${name}${read.version === undefined ? '' : `, version=${read.version}`})`
}

function hintFor(read: Read & { kind: 'ref' }, nodes: readonly Referable[], refs: Index): string {
  const versions = nodes.filter(({ name, version }) => name === read.name && version !== undefined)
  if (versions.length > 0)
    return `there are the versions ${versions.map(({ version }) => version).join(', ')}`
  const near = didYouMean(read.name, [...refs.keys()])
  if (near) return near
  const isLoad = nodes.some((node) => node.resourceType === 'load' && node.name === read.name)
  return isLoad
    ? `'${read.name}' is a load: read its tables with source()`
    : 'models, seeds and analyses can be named; tables from outside are read with source()'
}
