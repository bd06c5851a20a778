import { parse } from 'tldts'

const local = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/
const label = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/
const asset = /\.(png|jpe?g|gif|svg|webp|avif|bmp|ico|css|js|mjs|map|woff2?|ttf|eot|mp4|webm|pdf|zip)$/
/** `@2x.` and the like: the scale of a picture. */
const scale = /^[0-9](\.[0-9])?x\./
const placeholderNames =
  /^(name|your\.?name|yourname|you|your|user|username|email|e-?mail|mail|someone|somebody|john(\.?doe)?|jane(\.?doe)?|max\.?mustermann|nom|nombre|vorname\.nachname|firstname\.lastname|first\.last|test|abc|xxx+)$/
const placeholderDomains =
  /^(example\.(com|org|net)|domain\.(com|tld|de)|your-?(domain|company|site|website)\.\w+|company\.com|email\.com|mysite\.com|website\.com|beispiel\.de|muster(mann)?\.\w+)$/

/**
 * The one spelling of an e-mail address, or undefined for what is none.
 *
 * Its domain has to lie below a public suffix, or be the site's own. Names of assets (`logo@2x.png`), keys of error
 * trackers and placeholders of forms are none.
 */
export function emailAddress(given: string, siteDomain: string | undefined): string | undefined {
  const text = given
    .trim()
    .toLowerCase()
    .replace(/^mailto:/, '')
    .replace(/\.$/, '')
  const at = text.lastIndexOf('@')
  if (at < 1 || at > 64 || text.length > 254) return undefined
  const name = text.slice(0, at)
  const host = text.slice(at + 1)
  if (!local.test(name) || !host.split('.').every((one) => one.length <= 63 && label.test(one))) return undefined
  if (asset.test(host) || asset.test(name) || scale.test(host)) return undefined
  const { domain, isIcann } = parse(host, { extractHostname: false })
  const isOwn = domain !== null && domain === siteDomain
  if (domain === null || (!isIcann && !isOwn)) return undefined
  if (/^[0-9a-f]{16,}$/.test(name) && /sentry|ingest|wixpress|bugsnag/.test(host)) return undefined
  if (!isOwn && (placeholderDomains.test(domain) || /^(your|my)?domain\./.test(domain))) return undefined
  if (
    placeholderNames.test(name) &&
    (placeholderDomains.test(domain) || /^(email|mail|domain|website)\./.test(domain))
  ) {
    return undefined
  }
  return text
}
