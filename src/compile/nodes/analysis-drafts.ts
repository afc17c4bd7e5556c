import { createHash } from 'node:crypto'
import type { AnalysisNode } from '../../core/node.ts'
import type { Problem } from '../../core/problem.ts'
import { describe } from './describe.ts'
import { type Draft, type Drafts, fileName, fqnOf, nodeBase, partByEnabled, startOf } from './draft.ts'
import type { DraftScope } from './draft-scope.ts'

/** Analyses: SQL that is compiled and never run. */
export function draftAnalyses(scope: DraftScope): Drafts<AnalysisNode> {
  const problems: Problem[] = []
  const drafts = scope.project.analyses.map((file): Draft<AnalysisNode> => {
    const { package: packageName, packagePath } = file
    const name = fileName(packagePath)
    const said = describe(scope, scope.patches.find('analysis', packageName, name), problems)
    const [, ...folders] = fqnOf(packageName, scope.packageOf(packageName).config.paths.analyses, packagePath)
    const fqn = [packageName, 'analysis', ...folders]
    const identity = { resourceType: 'analysis' as const, package: packageName, name, packagePath, fqn }
    const outside = scope.config('models', fqn, said.config)
    const relation = scope.naming({ ...identity, config: outside })
    const capture = scope.templates.capture({
      file,
      name,
      resourceType: 'analysis',
      config: outside,
      relation,
    })
    const config = scope.config('models', fqn, said.config, capture.config)
    if (config['enabled'] !== false) problems.push(...capture.problems)
    return {
      reads: capture.reads,
      node: {
        ...nodeBase({
          ...identity,
          ...said.patchPath,
          place: startOf(file.path),
          description: said.description,
          columns: said.columns,
          config,
        }),
        resourceType: 'analysis',
        rawCode: file.text,
        checksum: createHash('sha256').update(file.text.trim()).digest('hex'),
      },
    }
  })
  return partByEnabled(drafts, problems)
}
