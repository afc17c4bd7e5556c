import { createHash } from 'node:crypto'
import type { AnalysisNode } from '../../core/node.ts'
import type { Problem } from '../../core/problem.ts'
import { type Draft, type Drafts, partByEnabled } from './draft.ts'
import type { DraftScope } from './draft-scope.ts'
import { type QueryFileKind, readQueryFile } from './query-file.ts'

/** Analyses: SQL that is compiled and never run. */
export function draftAnalyses(scope: DraftScope): Drafts<AnalysisNode> {
  const problems: Problem[] = []
  const kind: QueryFileKind = {
    resourceType: 'analysis',
    tree: 'models',
    folders: 'analyses',
    fqnPrefix: ['analysis'],
    relationOf: scope.naming,
  }
  const drafts = scope.project.analyses.map((file): Draft<AnalysisNode> => {
    const { base, reads } = readQueryFile(scope, file, kind, problems)
    return {
      reads,
      node: {
        ...base,
        resourceType: 'analysis',
        rawCode: file.text,
        checksum: createHash('sha256').update(file.text.trim()).digest('hex'),
      },
    }
  })
  return partByEnabled(drafts, problems)
}
