// The part of pytz that templates use: timezone(), utc, localize, normalize.
import { HostObject, hostFunction, raise, typeName, type Value } from '../values/value.ts'
import { PyDateTime } from './datetime.ts'
import { fixedZone, localMeanTime, TimeZone, type ZoneMethods, zoneRules } from './time-zone.ts'

function dateTimeArgument(value: Value | undefined): PyDateTime {
  return value instanceof PyDateTime
    ? value
    : raise('TypeError', `a datetime is required, not ${typeName(value ?? null)}`)
}

/** The methods of a zone of the IANA database. */
const zoneMethods: ZoneMethods = (rules) => () => ({
  zone: rules.name,
  localize: hostFunction('localize', ([value, daylight], kwargs) => {
    const naive = dateTimeArgument(value)
    if (naive.zone) raise('ValueError', 'Not naive datetime (tzinfo is already set)')
    return new PyDateTime(naive.wall, rules.atLocal(naive.wall, (daylight ?? kwargs['is_dst']) === true))
  }),
  normalize: hostFunction('normalize', ([value]) => inZone(dateTimeArgument(value).utc(), rules.at)),
  fromutc: hostFunction('fromutc', ([value]) => {
    const given = dateTimeArgument(value)
    return inZone(given.zone ? given.utc() + given.zone.offset : given.wall, rules.at)
  }),
})

function inZone(utc: bigint, at: (utc: bigint) => TimeZone): PyDateTime {
  const zone = at(utc)
  return new PyDateTime(utc + zone.offset, zone)
}

function utcZone(): TimeZone {
  const zone: TimeZone = new TimeZone(0n, 'UTC', 'UTC', 'UTC', () => ({
    zone: 'UTC',
    localize: hostFunction('localize', ([value]) => new PyDateTime(dateTimeArgument(value).wall, zone)),
    normalize: hostFunction('normalize', ([value]) => new PyDateTime(dateTimeArgument(value).utc(), zone)),
  }))
  return zone
}

/** The module `pytz`. */
export function pytzModule(): Record<string, Value> {
  const utc = utcZone()
  return {
    utc,
    UTC: utc,
    timezone: hostFunction('timezone', ([name]) => {
      if (typeof name !== 'string') return raise('TypeError', 'timezone() takes the name of a time zone')
      return name.toUpperCase() === 'UTC' ? utc : localMeanTime(zoneRules(name, zoneMethods), zoneMethods)
    }),
    FixedOffset: hostFunction('FixedOffset', ([minutes]) => fixedZone(BigInt(Number(minutes)) * 60_000_000n)),
    // The list takes ten milliseconds to make.
    get all_timezones() {
      return Intl.supportedValuesOf('timeZone')
    },
    get common_timezones() {
      return Intl.supportedValuesOf('timeZone')
    },
    UnknownTimeZoneError: new HostObject({ type: 'type' }),
  }
}
