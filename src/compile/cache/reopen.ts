import type { Manifest } from '../../core/manifest.ts'
import type { Project } from '../../core/project.ts'
import type { CompileOptions } from '../compile.ts'
import { makeRenderer } from '../make-renderer.ts'
import type { Renderer } from '../renderer.ts'
import { makeResolver, type Resolver, searchesOwnFirst } from '../resolve.ts'
import { makeTemplates, type Templates } from '../templates.ts'
import { type PartialProjectRequest, projectWithoutNodes } from './partial-project.ts'

/** What templates of a kept project are rendered with. */
export interface OpenedTemplates {
  readonly project: Project
  readonly templates: Templates
  readonly resolver: Resolver
  readonly rendererOf: (manifest: Manifest) => Renderer
}

/** Reads the macros of a kept project again and makes what renders its templates. */
export function openTemplates(
  request: Pick<PartialProjectRequest, 'cached' | 'readText'> & { readonly options: CompileOptions },
): OpenedTemplates {
  const { cached, readText, options } = request
  const project = projectWithoutNodes(request)
  const texts = new Map<string, string | undefined>()
  const textOf = (path: string): string | undefined => {
    if (!texts.has(path)) texts.set(path, readText(path))
    return texts.get(path)
  }
  const templates = makeTemplates(project, { ...options, textOf })
  const { referables, disabledReferables, projectName } = cached.index
  const resolver = makeResolver(referables, disabledReferables, projectName, searchesOwnFirst(project.config))
  return {
    project,
    templates,
    resolver,
    rendererOf: (manifest) => makeRenderer(manifest, templates, resolver),
  }
}
