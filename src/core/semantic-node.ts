import type { NodeBase } from './node-base.ts'

/** What only a semantic layer acts upon: kept as YAML says it. */
interface SemanticNodeBase extends NodeBase {
  readonly label?: string
  readonly spec: Readonly<Record<string, unknown>>
  readonly group?: string
}

export interface MetricNode extends SemanticNodeBase {
  readonly resourceType: 'metric'
}

export interface SemanticModelNode extends SemanticNodeBase {
  readonly resourceType: 'semantic_model'
}

export interface SavedQueryNode extends SemanticNodeBase {
  readonly resourceType: 'saved_query'
}
