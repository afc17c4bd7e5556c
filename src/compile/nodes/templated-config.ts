import type { Node, ResourceType } from '../../core/node.ts'
import type { ConfigTreeName } from '../../core/project.ts'
import { type Config, configAlong, mergeConfig } from '../config-tree.ts'
import { holdsTemplate } from '../yaml-values.ts'
import type { DraftScope } from './draft-scope.ts'

/*
 * A config that a project file writes as a template comes to something else on every target. Whoever compares a node
 * with what it was needs the template.
 */

const treeOf: Readonly<Record<ResourceType, ConfigTreeName>> = {
  source: 'sources',
  load: 'loads',
  seed: 'seeds',
  model: 'models',
  snapshot: 'snapshots',
  test: 'tests',
  unit_test: 'unit_tests',
  job: 'jobs',
  exposure: 'exposures',
  analysis: 'models',
  metric: 'metrics',
  semantic_model: 'semantic_models',
  saved_query: 'saved_queries',
}

/** The nodes with what project files write for them, where that holds templates and nothing nearer has replaced it. */
export function withTemplatedConfig<T extends Node>(node: T, scope: DraftScope): T {
  const tree = treeOf[node.resourceType]
  const { root } = scope
  const owners = node.package === root ? [root] : [node.package, root]
  const trees = owners.map((owner) => scope.packageOf(owner).config.configTrees[tree])
  if (!trees.some(holdsTemplate)) return node
  const written = trees.map((one) => configAlong(one, node.fqn)).reduce(mergeConfig)
  const rendered = scope.config(tree, node.fqn)
  const templated = Object.entries(written).filter(
    ([key, value]) => holdsTemplate(value) && isSame(node.config[key], rendered[key]),
  )
  if (templated.length === 0) return node
  const templatedConfig: Config = Object.fromEntries(templated)
  return { ...node, templatedConfig }
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
