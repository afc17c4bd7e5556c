import avro from 'avsc'
import { BadMessage } from './bad-message.ts'
import type { ReadPayload } from './payload.ts'
import { fromMicros } from './time-text.ts'

/*
 * Avro. Numbers of 64 bits stay exact; times, days and decimals become the texts that PostgreSQL reads.
 */

const longType = avro.types.LongType.__with({
  fromBuffer: (buffer: Buffer) => small(buffer.readBigInt64LE()),
  toBuffer: (value: number | bigint) => {
    const buffer = Buffer.alloc(8)
    buffer.writeBigInt64LE(BigInt(value))
    return buffer
  },
  fromJSON: (value: number) => value,
  toJSON: (value: number | bigint) => Number(value),
  isValid: (value: unknown) => typeof value === 'bigint' || Number.isSafeInteger(value),
  compare: (one: number | bigint, other: number | bigint) => (one === other ? 0 : one < other ? -1 : 1),
})

function small(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** Makes the reader of payloads that one schema wrote. */
export function makeReadAvro(schema: string): ReadPayload {
  const type = avroType(schema)
  return (bytes) => {
    try {
      return type.fromBuffer(bytes)
    } catch (error) {
      if (error instanceof BadMessage) throw error
      throw new BadMessage(`the payload is no Avro of its schema: ${(error as Error).message.slice(0, 120)}`)
    }
  }
}

/** The type of a schema, which reads and writes payloads. */
export function avroType(schema: string): avro.Type {
  return avro.Type.forSchema(JSON.parse(schema), {
    registry: { long: longType },
    logicalTypes: {
      'timestamp-millis': timeType(1000n),
      'timestamp-micros': timeType(1n),
      'local-timestamp-millis': timeType(1000n),
      'local-timestamp-micros': timeType(1n),
      date: DayType,
      'time-millis': clockType(1000n),
      'time-micros': clockType(1n),
      decimal: DecimalType,
    },
  })
}

type LogicalTypeClass = new (schema: avro.Schema, options?: unknown) => avro.types.LogicalType

function timeType(microsPerUnit: bigint): LogicalTypeClass {
  return class extends avro.types.LogicalType {
    protected override _fromValue(value: number | bigint): string {
      return fromMicros(BigInt(value) * microsPerUnit)
    }
    protected override _toValue(value: unknown): unknown {
      const micros = typeof value === 'string' ? BigInt(Date.parse(value)) * 1000n : null
      return micros === null ? undefined : Number(micros / microsPerUnit)
    }
  }
}

function clockType(microsPerUnit: bigint): LogicalTypeClass {
  return class extends avro.types.LogicalType {
    protected override _fromValue(value: number | bigint): string {
      return fromMicros(BigInt(value) * microsPerUnit, false).slice(11)
    }
    protected override _toValue(): undefined {
      return undefined
    }
  }
}

class DayType extends avro.types.LogicalType {
  protected override _fromValue(value: number): string {
    return fromMicros(BigInt(value) * 86_400_000_000n).slice(0, 10)
  }
  protected override _toValue(value: unknown): unknown {
    return typeof value === 'string' ? Date.parse(value) / 86_400_000 : undefined
  }
}

/** Bytes that hold a whole number in two's complement, of which the last digits are decimals. */
class DecimalType extends avro.types.LogicalType {
  private readonly scale: number

  constructor(schema: avro.Schema, options?: unknown) {
    super(schema, options as never)
    this.scale = (schema as { readonly scale?: number }).scale ?? 0
  }

  protected override _fromValue(value: Buffer): string {
    const whole =
      value.length === 0 ? 0n : BigInt.asIntN(value.length * 8, BigInt(`0x${value.toString('hex')}`))
    const digits = (whole < 0n ? -whole : whole).toString().padStart(this.scale + 1, '0')
    const at = digits.length - this.scale
    return `${whole < 0n ? '-' : ''}${digits.slice(0, at)}${this.scale > 0 ? `.${digits.slice(at)}` : ''}`
  }

  protected override _toValue(): undefined {
    return undefined
  }
}
