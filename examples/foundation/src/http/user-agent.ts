import { ServiceError } from '../service-error.ts'

/**
 * The name that groups of robots.txt are addressed to.
 *
 * @throws ServiceError USER_AGENT_INVALID
 */
export function productToken(userAgent: string): string {
  const token = /^([a-z_-]+)(?:[/ ][\x20-\x7e]*)?$/i.exec(userAgent)?.[1]
  if (token === undefined || token.toLowerCase() === 'mozilla') {
    throw new ServiceError('USER_AGENT_INVALID', `"${userAgent}" does not begin with the name of a crawler.`, {
      hint: 'Give your own name, such as my-crawler/1.0 (+https://example.com/bot).',
    })
  }
  return token
}
