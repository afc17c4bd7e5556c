import type { Node } from '../../core/node.ts'
import type { ArtifactScope } from './artifact-scope.ts'
import { analysisEntry, functionEntry, snapshotEntry, unitTestEntry } from './declared-entries.ts'
import type { Entry } from './entry-parts.ts'
import {
  exposureEntry,
  jobEntry,
  jobTableEntry,
  loadEntry,
  modelEntry,
  seedEntry,
  sourceEntry,
  testEntry,
} from './node-entries.ts'
import { metricEntry, savedQueryEntry, semanticModelEntry } from './semantic-entries.ts'

/** The entry of a node in its section. */
export function nodeEntry(node: Node, scope: ArtifactScope): Entry {
  switch (node.resourceType) {
    case 'source':
      return sourceEntry(node, scope)
    case 'load':
      return loadEntry(node, scope)
    case 'seed':
      return seedEntry(node, scope)
    case 'model':
      return modelEntry(node, scope)
    case 'test':
      return testEntry(node, scope)
    case 'job':
      return jobEntry(node, scope)
    case 'job_table':
      return jobTableEntry(node, scope)
    case 'exposure':
      return exposureEntry(node, scope)
    case 'snapshot':
      return snapshotEntry(node, scope)
    case 'unit_test':
      return unitTestEntry(node, scope)
    case 'analysis':
      return analysisEntry(node, scope)
    case 'function':
      return functionEntry(node, scope)
    case 'metric':
      return metricEntry(node, scope)
    case 'semantic_model':
      return semanticModelEntry(node, scope)
    case 'saved_query':
      return savedQueryEntry(node, scope)
  }
}
