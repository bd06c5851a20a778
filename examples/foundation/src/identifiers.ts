import { randomBytes } from 'node:crypto'
import { v7, validate } from 'uuid'

/** A new UUIDv7: sorts by the time it was made, also within one millisecond of one process. */
export function newId(): string {
  return v7()
}

export function isId(value: unknown): value is string {
  return typeof value === 'string' && validate(value)
}

export function isPublicId(value: string): boolean {
  return /^[a-z]{1,20}_[\w-]{20}$/.test(value)
}

/** A name for people and URLs that says nothing about when or after what it was made: 120 random bits. */
export function newPublicId(prefix: string): string {
  return `${prefix}_${randomBytes(15).toString('base64url')}`
}
