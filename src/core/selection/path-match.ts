import { translate } from './fnmatch.ts'

/**
 * A test for files that a path selects: the file itself, or with `below` any file below a folder. `*` and `?` stay
 * within one folder, `**` crosses any number of them.
 */
export function pathMatch(pattern: string, reach: 'whole' | 'below' = 'below'): (path: string) => boolean {
  const segments = pattern
    .replaceAll('\\', '/')
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.')
  if (segments.length === 0) return () => true
  const source = segments.map((segment, index) => segmentSource(segment, index === segments.length - 1))
  const expression = new RegExp(`^${source.join('')}${reach === 'whole' ? '$' : '(?:/|$)'}`)
  return (path) => expression.test(path)
}

function segmentSource(segment: string, isLast: boolean): string {
  if (segment === '**') return isLast ? '.*' : '(?:[^/]+/)*'
  return `${translate(segment, '[^/]*', '[^/]')}${isLast ? '' : '/'}`
}
