/** Whether a text is a day or an instant, ISO 8601. */
export function isInstant(text: string): boolean {
  const date = /^(\d{4}-\d{2}-\d{2})([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}(:?\d{2})?)?)?$/.exec(
    text,
  )?.[1]
  if (date === undefined) return false
  const day = new Date(`${date}T00:00:00Z`)
  // The 31st of February is a valid pattern, but no day: it would come back as another one.
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(date)
}

/** Milliseconds since 1970 of such a text; what names no time zone is in UTC. */
export function instantOf(text: string): number {
  const hasZone = /[T ].*(Z|[+-]\d{2}(:?\d{2})?)$/.test(text)
  const iso = text
    .replace(' ', 'T')
    .replace(/([+-]\d{2})$/, (zone, at) => (text.length > 10 && at > 10 ? `${zone}:00` : zone))
  return Date.parse(hasZone || !iso.includes('T') ? iso : `${iso}Z`)
}
