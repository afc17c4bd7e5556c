/*
 * Patterns of names: `*` and `?` within a name, `**` over folders, `{a,b}` one of several.
 */

/** Whether a name stands for several. */
export function isPattern(name: string): boolean {
  return /[*?{]/.test(name)
}

/** What begins so is somebody's own: no pattern means it that does not say so. */
export function isHidden(name: string): boolean {
  return /^[._]/.test(name)
}

/** `{a,b}` written out; braces do not lie in each other. */
export function alternatives(pattern: string): string[] {
  const [whole, before, list, after] = /^(.*?)\{([^{}]*)\}(.*)$/s.exec(pattern) ?? []
  if (whole === undefined) return [pattern]
  return list!.split(',').flatMap((one) => alternatives(`${before}${one}${after}`))
}

/** Matches the name of a file or folder, without the folders that it lies in. */
export function namePattern(pattern: string): RegExp {
  return new RegExp(`^${nameSource(pattern, '.')}$`, 's')
}

/** Matches a whole way through folders, which slashes part; braces have to be written out before. */
export function pathPattern(pattern: string): RegExp {
  const segments = pattern.split('/')
  const last = segments.length - 1
  const sources = segments.map((segment, index) => {
    const slash = index < last ? '/' : ''
    if (segment === '**') return index < last ? '(?:(?![._])[^/]+/)*' : '(?![._])[^/]+'
    const visible = /^[*?]/.test(segment) ? '(?![._])' : ''
    return `${visible}${nameSource(segment, '[^/]')}${slash}`
  })
  return new RegExp(`^${sources.join('')}$`, 's')
}

function nameSource(pattern: string, any: string): string {
  const parts = pattern.split(/([*?])/).map((part) => {
    if (part === '*') return `${any}*`
    if (part === '?') return any
    return part.replace(/[.+^$()|[\]\\{}]/g, '\\$&')
  })
  return parts.join('')
}
