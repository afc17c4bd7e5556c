import type { Manifest } from '../core/manifest.ts'
import type { ModelNode, Node } from '../core/node.ts'
import { makeProblem, type Problem } from '../core/problem.ts'

/** Warns of models whose deprecation_date is over, and before that of whoever refers to one. */
export function deprecations(
  { nodes }: Pick<Manifest, 'nodes'>,
  now: Date,
  textOf: (file: string) => string | undefined,
): Problem[] {
  const dated = new Map(
    Object.values(nodes).flatMap((node) => {
      const date = node.resourceType === 'model' ? node.deprecationDate : undefined
      return date === undefined ? [] : [[node.id, { node: node as ModelNode, date }] as const]
    }),
  )
  if (dated.size === 0) return []
  const warn = (node: Node, message: string, hint: string): Problem => {
    const source = textOf(node.place.file)
    return makeProblem('deprecated', message, {
      severity: 'warning',
      place: node.place,
      hint,
      ...(source !== undefined && { source }),
    })
  }
  const isOver = (date: string): boolean => new Date(date) < now
  const own = [...dated.values()]
    .filter(({ date }) => isOver(date))
    .map(({ node, date }) =>
      warn(
        node,
        `${nameOf(node)} is not to be used since ${date}`,
        'switch it off with enabled: false, or remove it',
      ),
    )
  const readers = Object.values(nodes).flatMap((node) =>
    node.dependsOn.flatMap((id) => {
      const parent = dated.get(id)
      // A test declared on a model is a part of it.
      if (!parent || (node.resourceType === 'test' && node.attachedTo === id)) return []
      const when = isOver(parent.date) ? `since ${parent.date}` : `from ${parent.date} on`
      const message = `${nameOf(node)} refers to ${nameOf(parent.node)}, which is not to be used ${when}`
      return warn(node, message, hintFor(parent.node))
    }),
  )
  return [...own, ...readers]
}

function nameOf(node: Node): string {
  const version = node.resourceType === 'model' && node.version !== undefined ? `.v${node.version}` : ''
  return `${node.resourceType} ${node.name}${version}`
}

function hintFor({ name, version, latestVersion }: ModelNode): string {
  const isOlder = version !== undefined && String(version) !== String(latestVersion)
  return isOlder ? `its latest version: ref('${name}', v=${latestVersion})` : 'refer to what takes its place'
}
