import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/*
 * .dbtignore names files that are not read, in the manner of .gitignore.
 */

/** A test for paths relative to the package's folder that its .dbtignore leaves out. */
export function readIgnore(packageRoot: string): (path: string) => boolean {
  const file = join(packageRoot, '.dbtignore')
  return existsSync(file) ? ignoreMatcher(readFileSync(file, 'utf8')) : () => false
}

/** The test for the lines of an ignore file; of the patterns that fit, the last one decides. */
export function ignoreMatcher(text: string): (path: string) => boolean {
  const rules = text.split(/\r?\n/).flatMap((line) => ruleOf(line.trimEnd()) ?? [])
  return (path) => rules.reduce((ignored, { matches, ignores }) => (matches(path) ? ignores : ignored), false)
}

interface Rule {
  readonly matches: (path: string) => boolean
  readonly ignores: boolean
}

function ruleOf(line: string): Rule | null {
  if (line === '' || line.startsWith('#')) return null
  const ignores = !line.startsWith('!')
  const pattern = ignores ? line : line.slice(1)
  const folderOnly = pattern.endsWith('/')
  const inner = pattern.replace(/^\//, '').replace(/\/$/, '')
  // A pattern with a slash inside or in front is taken from the folder; any other fits at every depth.
  const anchored = pattern.startsWith('/') || inner.includes('/')
  const source = inner.split(/(\/\*\*\/|\*\*\/|\/\*\*|\*|\?|\[[^\]]*\])/).map(sourceOfPart)
  const tail = folderOnly ? '/' : '(?:/|$)'
  const expression = new RegExp(`${anchored ? '^' : '(?:^|/)'}${source.join('')}${tail}`)
  return { matches: (path) => expression.test(path), ignores }
}

function sourceOfPart(part: string): string {
  switch (part) {
    case '/**/':
      return '/(?:.*/)?'
    case '**/':
      return '(?:.*/)?'
    case '/**':
      return '/.*'
    case '*':
      return '[^/]*'
    case '?':
      return '[^/]'
    default:
      return /^\[.*\]$/.test(part) ? part.replace(/^\[!/, '[^') : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  }
}
