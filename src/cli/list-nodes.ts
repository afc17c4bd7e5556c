import type { Node, ResourceType } from '../core/node.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { pythonJson } from './display/python-json.ts'
import type { SelectionFlags } from './flags.ts'
import { artifactOptions } from './previous-state.ts'
import { reportSelection, selectNodes } from './select-nodes.ts'
import { openWorkspace } from './workspace.ts'

export type ListFormat = 'text' | 'selector' | 'name' | 'path' | 'json'

export interface ListFlags extends SelectionFlags {
  readonly output: ListFormat
  /** For json: the keys to print, `config.materialized` for one within another. */
  readonly outputKeys?: readonly string[]
}

/** What is listed when nobody says; analyses have to be asked for. */
const listedTypes: readonly ResourceType[] = [
  'source',
  'load',
  'seed',
  'model',
  'snapshot',
  'job',
  'job_table',
  'test',
  'unit_test',
  'function',
  'exposure',
  'metric',
  'semantic_model',
  'saved_query',
]

/** Prints the selected nodes, one a line, in the order of their ids as dbt does. */
export async function listNodes(context: CommandContext, flags: ListFlags): Promise<ExitCode> {
  const { terminal } = context
  const workspace = await openWorkspace(context, {}, { checksSql: false })
  const { nodes } = workspace.manifest
  const selection = await selectNodes(context, workspace, withModelsOnly(flags), typesOf(flags))
  reportSelection(selection, context)
  if (selection.nodeIds.length === 0) context.narrator.note('No nodes selected!')
  const selected = [...selection.nodeIds].sort().map((id) => nodes[id]!)
  const line =
    flags.output === 'json'
      ? await makeJsonLine(context, workspace, flags.outputKeys ?? [])
      : (node: Node) => listLine(node, flags.output as Exclude<ListFormat, 'json'>)
  for (const node of selected) {
    const msg = line(node)
    // As in dbt, who reads events gets each node as one.
    if (context.flags.logFormat === 'json')
      context.events.tell({ name: 'PrintEvent', level: 'info', msg, data: { msg } })
    else terminal.out.write(`${msg}\n`)
  }
  return 0
}

function typesOf({ resourceType = [], resourceTypes = [] }: ListFlags): readonly ResourceType[] {
  const asksForAnalyses = [...resourceType, ...resourceTypes].some(
    (type) => type === 'all' || type === 'analysis',
  )
  return asksForAnalyses ? [...listedTypes, 'analysis'] : listedTypes
}

/** In dbt's ls, --models takes models only. */
function withModelsOnly(flags: ListFlags): ListFlags {
  return flags.models && !flags.resourceType ? { ...flags, resourceType: ['model'] } : flags
}

/** A node in one of the formats of `estimand ls`. */
export function listLine(node: Node, format: Exclude<ListFormat, 'json'>): string {
  switch (format) {
    case 'text':
    case 'selector':
      return selectorOf(node)
    case 'name':
      return nameOf(node)
    case 'path':
      return node.path
  }
}

/** What selects exactly this node, as dbt prints it. */
function selectorOf(node: Node): string {
  switch (node.resourceType) {
    case 'source':
      return `source:${node.package}.${node.sourceName}.${node.name}`
    case 'exposure':
    case 'metric':
    case 'semantic_model':
    case 'saved_query':
      return `${node.resourceType}:${node.package}.${node.name}`
    case 'unit_test':
      return `unit_test:${node.package}.${node.name}${node.version === undefined ? '' : `_v${node.version}`}`
    default:
      return node.fqn.join('.')
  }
}

function nameOf(node: Node): string {
  if (node.resourceType === 'source') return `${node.sourceName}.${node.name}`
  if (node.resourceType === 'model' && node.version !== undefined) return `${node.name}.v${node.version}`
  return node.name
}

/** The keys of dbt's `ls --output json`, in the order that it has for each kind. */
function usualKeys({ resourceType }: Node): readonly string[] {
  const identity = ['name', 'resource_type', 'package_name', 'original_file_path', 'unique_id']
  return [...identity, ...(keysByType[resourceType] ?? ['alias', 'config', 'tags', 'depends_on'])]
}

const keysByType: Readonly<Partial<Record<ResourceType, readonly string[]>>> = {
  source: ['source_name', 'tags', 'config'],
  exposure: ['tags', 'config', 'depends_on'],
  metric: ['tags', 'config', 'depends_on'],
  saved_query: ['config', 'depends_on', 'tags'],
  semantic_model: ['depends_on', 'config'],
  unit_test: ['depends_on', 'config'],
}

/** Writes a node's entry of the manifest, or parts of it, on one line. */
async function makeJsonLine(
  context: CommandContext,
  workspace: Awaited<ReturnType<typeof openWorkspace>>,
  keys: readonly string[],
): Promise<(node: Node) => string> {
  const { makeEntryWriter } = await import('../run/artifacts/index.ts')
  const entryOf = makeEntryWriter(workspace.manifest, artifactOptions(context, workspace))
  return (node) => {
    const entry = entryOf(node)
    const wanted = keys.length > 0 ? keys : usualKeys(node)
    return pythonJson(Object.fromEntries(wanted.flatMap((key) => pickKey(entry, key))))
  }
}

/** The key with its value; one within another is looked up along its dots and left out where it is null. */
function pickKey(entry: Readonly<Record<string, unknown>>, key: string): [string, unknown][] {
  if (!key.includes('.')) return key in entry ? [[key, entry[key]]] : []
  const value = key
    .split('.')
    .reduce<unknown>(
      (inner, part) =>
        typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[part] : undefined,
      entry,
    )
  return value === undefined || value === null ? [] : [[key, value]]
}
