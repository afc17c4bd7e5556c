import { translate } from './fnmatch.ts'

/**
 * A test for the paths of files and folders that a pattern names. `*` and `?` stay within one folder, `**` crosses
 * any number of them.
 */
export function pathMatch(pattern: string): (path: string) => boolean {
  const segments = pattern
    .replaceAll('\\', '/')
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.')
  if (segments.length === 0) return () => true
  const source = segments.map((segment, index) => segmentSource(segment, index === segments.length - 1))
  const expression = new RegExp(`^${source.join('')}$`)
  return (path) => expression.test(path)
}

function segmentSource(segment: string, isLast: boolean): string {
  if (segment === '**') return isLast ? '.*' : '(?:[^/]+/)*'
  return `${translate(segment, '[^/]*', '[^/]')}${isLast ? '' : '/'}`
}
