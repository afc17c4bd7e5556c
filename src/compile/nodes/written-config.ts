import { extended } from '../../core/extended.ts'
import type { Node, ResourceType } from '../../core/node.ts'
import type { ConfigTreeName } from '../../core/project.ts'
import type { Config } from '../config-tree.ts'
import type { DraftScope } from './draft-scope.ts'

/*
 * A node's config as it is written, which is what it is compared by with what it was. A template in a project file
 * comes to something else on every target, and what adds up or is merged was changed where it was written. So of each
 * key the nearest value counts, with its templates, under the name that it has there: dbt's unrendered config.
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
  job_table: 'jobs',
  exposure: 'exposures',
  analysis: 'models',
  function: 'functions',
  metric: 'metrics',
  semantic_model: 'semantic_models',
  saved_query: 'saved_queries',
}

/** The node with its config as it is written, where that is another than what came of it. */
export function withWrittenConfig<T extends Node>(node: T, scope: DraftScope): T {
  const tree = treeOf[node.resourceType]
  const along = (owner: string) =>
    scope.writtenAlong(scope.packageOf(owner).config.configTrees[tree], node.fqn)
  const own: Config = { ...along(node.package), ...Object.assign({}, ...scope.nearerTo(node.config)) }
  const written = node.package === scope.root ? own : { ...own, ...along(scope.root) }
  return isSame(written, node.config) ? node : extended({ ...node }, { writtenConfig: written })
}

function isSame(a: Config, b: Config): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key])
}
