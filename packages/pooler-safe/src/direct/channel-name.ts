import { badOption } from '../options/client-options.ts'

/** PostgreSQL cuts longer names off, and then refuses to notify them. */
const maxChannelBytes = 63

/** @throws PoolerSafeError POOLER_SAFE_BAD_OPTION */
export function checkChannel(channel: unknown): asserts channel is string {
  if (typeof channel !== 'string' || channel === '' || channel.includes('\0') || !channel.isWellFormed()) {
    throw badOption('channel', 'must be the name of a channel')
  }
  if (Buffer.byteLength(channel) > maxChannelBytes) {
    throw badOption('channel', `is longer than ${maxChannelBytes} bytes`, 'Put what distinguishes it into the payload.')
  }
}

/** As `pg_notify` takes it: case and all. */
export function quoteChannel(channel: string): string {
  return `"${channel.replaceAll('"', '""')}"`
}
