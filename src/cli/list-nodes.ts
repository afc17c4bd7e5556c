import type { Node, ResourceType } from '../core/node.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import type { SelectionFlags } from './flags.ts'
import { reportSelection, selectNodes } from './select-nodes.ts'
import { openWorkspace } from './workspace.ts'

export type ListFormat = 'text' | 'selector' | 'name' | 'path' | 'json'

const listedTypes: readonly ResourceType[] = ['source', 'load', 'seed', 'model', 'job', 'test', 'exposure']

/** Prints the selected nodes, one a line. */
export async function listNodes(
  context: CommandContext,
  flags: SelectionFlags,
  format: ListFormat,
): Promise<ExitCode> {
  const { manifest } = await openWorkspace(context)
  const selection = selectNodes(manifest, flags, listedTypes)
  reportSelection(selection, context)
  for (const id of selection.nodeIds) context.terminal.out.write(`${listLine(manifest.nodes[id]!, format)}\n`)
  return 0
}

/** A node in one of the formats of `estimand ls`. */
export function listLine(node: Node, format: ListFormat): string {
  switch (format) {
    case 'text':
    case 'selector':
      return selectorOf(node)
    case 'name':
      return node.resourceType === 'source' ? `${node.sourceName}.${node.name}` : node.name
    case 'path':
      return node.path
    case 'json':
      return JSON.stringify(listedNode(node))
  }
}

/** What selects exactly this node, as dbt prints it. */
function selectorOf(node: Node): string {
  if (node.resourceType === 'source') return `source:${node.package}.${node.sourceName}.${node.name}`
  if (node.resourceType === 'exposure') return `exposure:${node.package}.${node.name}`
  return node.fqn.join('.')
}

/** The keys that dbt's `ls --output json` has. */
function listedNode(node: Node): Readonly<Record<string, unknown>> {
  return {
    name: node.name,
    resource_type: node.resourceType,
    package_name: node.package,
    original_file_path: node.path,
    unique_id: node.id,
    ...('relation' in node && { alias: node.relation.identifier, schema: node.relation.schema }),
    ...(node.resourceType === 'source' && { source_name: node.sourceName }),
    config: node.config,
    tags: node.tags,
    depends_on: { nodes: node.dependsOn },
  }
}
