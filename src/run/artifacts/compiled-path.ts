import { basename, posix } from 'node:path'
import type { AnalysisNode, FunctionNode, ModelNode, Node, SnapshotNode, TestNode } from '../../core/node.ts'

export type NodeWithSql = ModelNode | SnapshotNode | TestNode | AnalysisNode | FunctionNode

/** Whether a node has SQL of its own, which compiling turns into a query. */
export function hasSql(node: Node): node is NodeWithSql {
  return 'rawCode' in node
}

/**
 * Where the SQL of a node is written, below `compiled/` and `run/` of the target folder: under the package, at
 * the path of its file; a test that YAML declares gets a file of its own below the path of the YAML, and so does each
 * snapshot below that of its file, since one file may hold several.
 */
export function compiledPath(node: NodeWithSql): string {
  const path = joined(node.package, node.path)
  if (!isDeclared(node) && node.resourceType !== 'snapshot') return path
  return joined(path, sqlFileName(node))
}

/** `posix.join`, which looks at each character, only where something has to be resolved. */
function joined(folder: string, path: string): string {
  const whole = `${folder}/${path}`
  return /(?:^|\/)\.{0,2}(?:\/|$)/.test(whole) ? posix.join(folder, path) : whole
}

/** dbt's `path` of a node: that of its file below the folder that holds all files of its kind. */
export function pathInKind(node: Node): string {
  if (node.resourceType === 'snapshot') return snapshotPath(node)
  if (isDeclared(node)) return sqlFileName(node)
  const folders = node.fqn.slice(1, endsInVersion(node) ? -2 : -1)
  return posix.join(...folders, basename(node.path))
}

function endsInVersion(node: Node): boolean {
  return node.resourceType === 'model' && node.fqn.at(-1) === `v${node.version}`
}

/** The fqn of a snapshot's block has the name of its file before that of the snapshot. */
function snapshotPath(node: SnapshotNode): string {
  if (isDeclared(node)) return sqlFileName(node)
  return posix.join(...node.fqn.slice(1, -2), basename(node.path))
}

/** Tests and snapshots that YAML declares have no file of their own. */
function isDeclared(node: Node): boolean {
  if (node.resourceType === 'snapshot') return /\.ya?ml$/.test(node.path)
  return node.resourceType === 'test' && node.testKind === 'generic'
}

/** People name tests as they like, in YAML even with slashes; a name that is too long for a relation is cut. */
function sqlFileName(node: Node): string {
  const isLong = node.resourceType === 'test' && node.name.length >= 64
  const name = isLong ? node.relation.identifier : node.name
  return `${name.replace(/[/\\]/g, '_')}.sql`
}
