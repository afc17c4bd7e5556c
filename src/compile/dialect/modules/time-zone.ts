// Time zones: fixed offsets, and pytz's zones, whose rules are the ones of the IANA database in Node.
import { HostObject, type Kwargs, raise, type Value } from '../values/value.ts'
import { second, toMicros } from './calendar.ts'
import { offsetText } from './strftime.ts'
import { TimeDelta } from './timedelta.ts'

/** A zone at one offset. A pytz zone is one of these for each offset that it ever had. */
export class TimeZone extends HostObject {
  readonly offset: bigint
  readonly abbreviation: string
  /** The IANA name, for a pytz zone. */
  readonly zone: string | null
  /** Whether it is daylight saving time. */
  readonly daylight: boolean

  constructor(
    offset: bigint,
    abbreviation: string,
    zone: string | null,
    kind: string,
    methods: (self: TimeZone) => Record<string, Value>,
    daylight = false,
  ) {
    super({
      type: kind,
      attribute: (name) => methods(this)[name],
      str: () => zone ?? abbreviation,
      repr: () => this.code(),
      equals: (other) => other instanceof TimeZone && other.offset === offset && other.zone === zone,
      hashKey: () => `\0timezone ${offset} ${zone}`,
    })
    this.offset = offset
    this.abbreviation = abbreviation
    this.zone = zone
    this.daylight = daylight
  }

  private code(): string {
    if (this.zone === 'UTC') return '<UTC>'
    if (this.zone) {
      const span = new TimeDelta(this.offset).protocol.str!()
      return `<DstTzInfo '${this.zone}' ${this.abbreviation}${this.offset < 0n ? '' : '+'}${span} ${this.daylight ? 'DST' : 'STD'}>`
    }
    return this.offset === 0n
      ? 'datetime.timezone.utc'
      : `datetime.timezone(${new TimeDelta(this.offset).protocol.repr!()})`
  }
}

/** A fixed offset, as datetime.timezone(delta) makes. */
export function fixedZone(offset: bigint, name?: string): TimeZone {
  const standard = offset === 0n ? 'UTC' : `UTC${offsetText(offset, ':')}`
  return new TimeZone(offset, name ?? standard, null, 'datetime.timezone', () => ({}))
}

function formatter(zone: string, style: 'long' | 'short'): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
      era: 'short',
      timeZoneName: style,
    })
  } catch {
    return undefined
  }
}

function partsAt(format: Intl.DateTimeFormat, micros: bigint): Record<string, string> {
  const millis = Number(micros / 1000n)
  return Object.fromEntries(format.formatToParts(millis).map(({ type, value }) => [type, value]))
}

function offsetAt(format: Intl.DateTimeFormat, utc: bigint): bigint {
  const shown = partsAt(format, utc)
  const wall = toMicros({
    year: Number(shown['year']),
    month: Number(shown['month']),
    day: Number(shown['day']),
    hour: Number(shown['hour']),
    minute: Number(shown['minute']),
    second: Number(shown['second']),
    microsecond: 0,
  })
  const whole = utc - (((utc % second) + second) % second)
  return wall - whole
}

/** The initials of the zone's long name: Central European Summer Time is CEST. */
function abbreviationAt(zone: string, utc: bigint): string {
  const short = partsAt(formatter(zone, 'short')!, utc)['timeZoneName'] ?? ''
  if (!/^GMT[+-]/.test(short)) return short
  const long = partsAt(formatter(zone, 'long')!, utc)['timeZoneName'] ?? ''
  const words = long.split(' ').filter((word) => !(word === 'Standard' && long.includes('European')))
  return words.length > 1 && !/\d/.test(long)
    ? words.map((word) => word[0]).join('')
    : short.replace('GMT', '')
}

/** The rules of a pytz zone. */
export interface ZoneRules {
  readonly name: string
  /** The zone at its offset at an instant. */
  at(utc: bigint): TimeZone
  /** The zone at its offset when a wall clock there shows a time; ambiguous times are standard time. */
  atLocal(wall: bigint, daylight: boolean): TimeZone
}

/** What the zone values need of datetimes; given by the module that has both. */
export type ZoneMethods = (rules: ZoneRules) => (self: TimeZone) => Record<string, Value>

/** The rules of an IANA zone; raises for an unknown name. */
export function zoneRules(name: string, methods: ZoneMethods): ZoneRules {
  const format = formatter(name, 'short')
  if (!format || /^[+-]/.test(name)) return raise('UnknownTimeZoneError', `'${name}'`)
  const make = (utc: bigint): TimeZone => {
    const offset = offsetAt(format, utc)
    const halfYear = 182n * 86_400n * second
    const standard = [offsetAt(format, utc - halfYear), offsetAt(format, utc + halfYear)]
    const isDaylight = standard.every((other) => other < offset)
    return new TimeZone(offset, abbreviationAt(name, utc), name, 'DstTzInfo', methods(rules), isDaylight)
  }
  const atLocal = (wall: bigint, daylight: boolean): TimeZone => {
    const hours = 3_600n * second
    const candidates = [
      make(wall - offsetAt(format, wall - 24n * hours)),
      make(wall - offsetAt(format, wall + 24n * hours)),
    ]
    const fitting = candidates.filter((zone) => offsetAt(format, wall - zone.offset) === zone.offset)
    const sorted = (fitting.length > 0 ? fitting : candidates).sort((a, b) => Number(a.offset - b.offset))
    return daylight ? sorted.at(-1)! : sorted[0]!
  }
  const rules: ZoneRules = { name, at: make, atLocal }
  return rules
}

/** Before standard time a place had its local mean time; a bare pytz zone stands at that, in whole minutes. */
export function localMeanTime(rules: ZoneRules, methods: ZoneMethods): TimeZone {
  const first = rules.at(
    toMicros({ year: 1800, month: 1, day: 1, hour: 0, minute: 0, second: 0, microsecond: 0 }),
  )
  const minutes = Math.round(Number(first.offset / second) / 60)
  return new TimeZone(BigInt(minutes * 60) * second, 'LMT', rules.name, 'DstTzInfo', methods(rules))
}

/** An argument that must be a time zone or None. */
export function zoneArgument(value: Value | undefined): TimeZone | null {
  if (value === undefined || value === null) return null
  if (value instanceof TimeZone) return value
  return raise('TypeError', 'tzinfo argument must be None or of a tzinfo subclass')
}

/** The class datetime.timezone. */
export function timeZoneClass(): HostObject {
  const utc = fixedZone(0n)
  const call = ([delta, name]: readonly Value[], _kwargs: Kwargs): Value =>
    delta instanceof TimeDelta
      ? fixedZone(delta.micros, typeof name === 'string' ? name : undefined)
      : raise('TypeError', 'timezone() argument 1 must be datetime.timedelta')
  return new HostObject({
    type: 'type',
    call,
    repr: () => "<class 'datetime.timezone'>",
    attribute: (name) => (name === 'utc' ? utc : undefined),
  })
}
