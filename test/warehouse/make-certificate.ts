import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isIP } from 'node:net'

/*
 * X.509 certificates for tests, written as DER by hand (RFC 5280): nothing has to be installed, and none expires.
 */

export interface Certificate {
  readonly name: string
  readonly key: KeyObject
  readonly certPem: string
  readonly keyPem: string
}

/** A certificate for some hosts, signed by an authority; without one an authority that signs itself. */
export function makeCertificate(name: string, by?: Certificate, hosts: readonly string[] = []): Certificate {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    nameOf(by?.name ?? name),
    sequence(utcTime('200101000000Z'), utcTime('490101000000Z')),
    nameOf(name),
    createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...(by ? [] : [authority]), ...(hosts.length > 0 ? [altNames(hosts)] : []))),
  )
  const signature = sign('sha256', body, by?.key ?? privateKey)
  const der = sequence(body, ecdsaWithSha256, bitString(signature))
  const lines = der.toString('base64').match(/.{1,64}/g)!
  return {
    name,
    key: privateKey,
    certPem: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  }
}

function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, ...parts)
}

function integer(bytes: Buffer): Buffer {
  return tagged(0x02, bytes)
}

function bitString(bytes: Buffer): Buffer {
  return tagged(0x03, Buffer.from([0]), bytes)
}

function objectId(hex: string): Buffer {
  return tagged(0x06, Buffer.from(hex, 'hex'))
}

function utcTime(text: string): Buffer {
  return tagged(0x17, Buffer.from(text))
}

function nameOf(commonName: string): Buffer {
  return sequence(tagged(0x31, sequence(objectId('550403'), tagged(0x0c, Buffer.from(commonName)))))
}

function extension(id: string, value: Buffer): Buffer {
  return sequence(objectId(id), tagged(0x04, value))
}

function altNames(hosts: readonly string[]): Buffer {
  const names = hosts.map((host) =>
    isIP(host) ? tagged(0x87, Buffer.from(host.split('.').map(Number))) : tagged(0x82, Buffer.from(host)),
  )
  return extension('551d11', sequence(...names))
}

const ecdsaWithSha256 = sequence(objectId('2a8648ce3d040302'))
const authority = extension('551d13', sequence(tagged(0x01, Buffer.from([0xff]))))
