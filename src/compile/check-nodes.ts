import type { Manifest } from '../core/manifest.ts'
import type { Node } from '../core/node.ts'
import type { Problem } from '../core/problem.ts'
import type { Project } from '../core/project.ts'
import { deprecations } from './check-deprecations.ts'
import { accessProblems, truthProblems } from './check-manifest.ts'
import { configProblems } from './nodes/check-config.ts'
import type { Draft } from './nodes/draft.ts'
import type { DraftScope } from './nodes/draft-scope.ts'

/*
 * What is checked of each node alone, or of a node and what it depends on. It is checked again for the nodes that have
 * changed when a kept project is brought up to date; a check that looks at all nodes together has no place here.
 */

/** What there is to tell of a draft. */
export function draftProblems(draft: Draft, scope: DraftScope): Problem[] {
  return configProblems(draft, scope)
}

export interface NodeCheck {
  readonly manifest: Manifest
  readonly project: Pick<Project, 'packages'>
  readonly textOf: (file: string) => string | undefined
  readonly now: Date
}

/** What there is to tell of nodes and what they depend on; of all nodes where none are named. */
export function nodeProblems(
  { manifest, project, textOf, now }: NodeCheck,
  nodes?: readonly Node[],
): Problem[] {
  return [
    ...accessProblems(manifest, project, textOf, nodes),
    ...truthProblems(manifest, textOf, nodes),
    ...deprecations(nodes ? withParents(nodes, manifest) : manifest, now, textOf),
  ]
}

function withParents(nodes: readonly Node[], manifest: Manifest): Pick<Manifest, 'nodes'> {
  const parents = nodes.flatMap(({ dependsOn }) => dependsOn.flatMap((id) => manifest.nodes[id] ?? []))
  // What a parent refers to has been told already.
  const alone = parents.map((parent) => ({ ...parent, dependsOn: [] }))
  return { nodes: Object.fromEntries([...alone, ...nodes].map((node) => [node.id, node])) }
}
