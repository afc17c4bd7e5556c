import { createHash } from 'node:crypto'
import type { ModelNode } from '../../core/node.ts'
import type { PatchSpec, Project } from '../../core/project.ts'
import type { Templates } from '../templates.ts'
import {
  type Draft,
  type Drafts,
  fileName,
  fqnOf,
  isEnabled,
  layeredConfig,
  type Naming,
  nodeBase,
} from './draft.ts'
import { readModelConfig } from './model-config.ts'

/** Renders every model once, to learn what it declares and what it reads. */
export function draftModels(
  project: Project,
  templates: Templates,
  naming: Naming,
  patches: ReadonlyMap<string, PatchSpec>,
): Drafts<ModelNode> {
  const drafts: Draft<ModelNode>[] = []
  const problems: Drafts['problems'][number][] = []
  const disabled: string[] = []
  const { name: projectName, configTrees, paths } = project.config
  for (const file of project.models) {
    const name = fileName(file.path)
    const patch = patches.get(name)
    const fqn = fqnOf(projectName, paths.models, file.path)
    const outside = layeredConfig(configTrees.models, fqn, patch?.config ?? {})
    const capture = templates.capture({ file, name, resourceType: 'model', config: outside, naming })
    problems.push(...capture.problems)
    const config = layeredConfig({}, [], outside, capture.config)
    if (!isEnabled(config)) {
      disabled.push(name)
      continue
    }
    const place = { file: file.path, line: 1, column: 1 }
    const { build, problems: configProblems } = readModelConfig(
      config,
      capture.configPlace ?? place,
      file.text,
    )
    problems.push(...configProblems)
    drafts.push({
      reads: capture.reads,
      node: {
        ...nodeBase({
          resourceType: 'model',
          project: projectName,
          name,
          path: file.path,
          place,
          fqn,
          description: patch?.description ?? '',
          columns: patch?.columns ?? [],
          config,
        }),
        resourceType: 'model',
        relation: naming({ name, config }),
        rawCode: file.text,
        checksum: createHash('sha256').update(file.text.trim()).digest('hex'),
        access: 'protected',
        contractEnforced: false,
        constraints: [],
        ...build,
      },
    })
  }
  return { drafts, problems, disabled }
}
