import type { AnalysisNode } from '../../core/node.ts'
import { makeProblem, type Problem } from '../../core/problem.ts'
import type { ProjectConfig, ProjectFile } from '../../core/project.ts'
import { type Draft, type Drafts, partByEnabled } from './draft.ts'
import type { DraftScope } from './draft-scope.ts'
import { type QueryFileKind, readQueryFile } from './query-file.ts'
import { textChecksum } from './text-checksum.ts'

/** Analyses: SQL that is compiled and never run. */
export function draftAnalyses(scope: DraftScope): Drafts<AnalysisNode> {
  const problems: Problem[] = []
  const drafts = scope.project.analyses.map((file) => draftAnalysis(scope, file, problems))
  if (!hasOwnConfig(scope.project.config)) problems.push(...unheardConfig(scope))
  return partByEnabled(drafts, problems)
}

/** One analysis. */
export function draftAnalysis(
  scope: DraftScope,
  file: ProjectFile,
  problems: Problem[],
): Draft<AnalysisNode> {
  // dbt gave analyses the config of models, until a flag asks for one of their own.
  const isOwn = hasOwnConfig(scope.project.config)
  const kind: QueryFileKind = {
    resourceType: 'analysis',
    tree: isOwn ? 'analyses' : 'models',
    folders: 'analyses',
    fqnPrefix: isOwn ? [] : ['analysis'],
    relationOf: scope.naming,
  }
  const { base, reads, identity } = readQueryFile(scope, file, kind, problems)
  const { schema } = scope.naming(identity)
  return {
    reads,
    node: {
      ...base,
      resourceType: 'analysis',
      ...(schema !== scope.templates.options.target.schema && { schema }),
      rawCode: file.text,
      checksum: textChecksum(file.text),
    },
  }
}

/** Whether analyses have config and folders of their own, and not those of models. */
export function hasOwnConfig({ flags }: Pick<ProjectConfig, 'flags'>): boolean {
  return flags['require_corrected_analysis_fqns'] === true
}

function unheardConfig({ project: { config, configPath } }: DraftScope): Problem[] {
  if (Object.keys(config.configTrees.analyses).length === 0) return []
  const hint = 'set flags: {require_corrected_analysis_fqns: true}, or configure them below models, as in dbt'
  const place = { file: configPath, line: 1, column: 1 }
  return [
    makeProblem('config-unused', 'analyses configures nothing without a flag', {
      severity: 'warning',
      place,
      hint,
    }),
  ]
}
