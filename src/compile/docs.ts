import type { DocInfo } from '../core/manifest.ts'
import { makeProblem, type Problem } from '../core/problem.ts'
import type { Project, ProjectFile } from '../core/project.ts'

/*
 * `{% docs %}` blocks: text that descriptions take over with doc('name').
 */

export interface Docs {
  readonly all: Readonly<Record<string, DocInfo>>
  /** The block that doc() means in a package: of the package named, else of the project, else of any. */
  find(from: string, name: string, packageName?: string): DocInfo | undefined
}

/** From an opening tag to the next closing one: what stands between is text and may hold anything. */
const block = /\{%-?\s*docs\s+(\w+)\s*-?%\}([\s\S]*?)\{%-?\s*enddocs\s*-?%\}/g

/** Finds the blocks of all files; two of one name in a package are a problem. */
export function readDocs(project: Project, problems: Problem[]): Docs {
  const all = new Map<string, DocInfo>()
  const byName = new Map<string, DocInfo>()
  for (const file of project.docs)
    for (const doc of docsOf(file)) {
      if (all.has(doc.id)) problems.push(definedTwice(doc, all.get(doc.id)!, file))
      else all.set(doc.id, doc)
      if (!byName.has(doc.name)) byName.set(doc.name, doc)
    }
  const root = project.config.name
  return {
    all: Object.fromEntries(all),
    find(from, name, packageName) {
      if (packageName !== undefined) return all.get(`doc.${packageName}.${name}`)
      return all.get(`doc.${root}.${name}`) ?? all.get(`doc.${from}.${name}`) ?? byName.get(name)
    },
  }
}

/** What dbt leaves out of a block: comments, and the tags of `{% raw %}`. */
const untold = /\{#[\s\S]*?#\}|\{%-?\s*raw\s*-?%\}([\s\S]*?)\{%-?\s*endraw\s*-?%\}/g

function docsOf({ text, package: packageName, packagePath }: ProjectFile): DocInfo[] {
  return [...text.matchAll(block)].map(([, name, contents]) => ({
    id: `doc.${packageName}.${name}`,
    name: name!,
    package: packageName,
    path: packagePath,
    contents: contents!.replace(untold, (_, raw: string | undefined) => raw ?? '').trim(),
  }))
}

function definedTwice(doc: DocInfo, first: DocInfo, file: ProjectFile): Problem {
  return makeProblem('name-duplicate', `docs block '${doc.name}' is defined twice`, {
    place: { file: file.path, line: 1, column: 1 },
    hint: `it stands in ${first.path} as well`,
  })
}
