import { describe, expect, test } from 'vitest'
import { decodeProtected } from '../../src/extract/emails.ts'
import { countryOf } from '../../src/extract/phones.ts'
import { socialProfile } from '../../src/extract/social-profiles.ts'
import { extract, valuesOf } from './page.ts'

function protect(address: string, key = 0x5a): string {
  return Buffer.from([key, ...Buffer.from(address).map((byte) => byte ^ key)]).toString('hex')
}

describe('(14) e-mail addresses', () => {
  test.each([
    ['in a link', '<a href="MAILTO:Office@Bakery.at?subject=Hi">Write</a>', 'office@bakery.at', 'link'],
    ['in a link, encoded', '<a href="mailto:%20office%40bakery.at">x</a>', 'office@bakery.at', 'link'],
    ['in a link with a name', '<a href="mailto:Huber%20%3Coffice@bakery.at%3E">x</a>', 'office@bakery.at', 'link'],
    ['in the text, at the end of a sentence', '<p>Mail us: office@bakery.at.', 'office@bakery.at', 'text'],
    ['in the text, as entities', '<p>&#111;ffice&#64;bakery&#46;at', 'office@bakery.at', 'text'],
    ['in the text, across elements', '<p>office<b>@</b>bakery.at', 'office@bakery.at', 'text'],
    ['with soft hyphens', '<p>office@bak&shy;ery.at', 'office@bakery.at', 'text'],
    ['of a public suffix of two parts', '<p>a.b+c@shop.example-store.co.uk', 'a.b+c@shop.example-store.co.uk', 'text'],
    [
      'behind Cloudflare',
      `<a class="__cf_email__" data-cfemail="${protect('office@bakery.at')}">[email&#160;protected]</a>`,
      'office@bakery.at',
      'cloudflare',
    ],
    [
      'behind Cloudflare, in a link',
      `<a href="/cdn-cgi/l/email-protection#${protect('office@bakery.at?subject=x')}">x</a>`,
      'office@bakery.at',
      'cloudflare',
    ],
    ['written as (at) and (dot)', '<p>office (at) bakery (dot) at', 'office@bakery.at', 'at-dot'],
    ['written as [at]', '<p>office[at]bakery.at', 'office@bakery.at', 'at-dot'],
    ['written as (ät)', '<p>office (ät) bakery.at', 'office@bakery.at', 'at-dot'],
    ['written in words', '<p>Write to office at bakery dot at today', 'office@bakery.at', 'at-dot'],
    ['with dots in words in its name', '<p>anna [dot] huber [at] bakery [dot] at', 'anna.huber@bakery.at', 'at-dot'],
  ])('%s', (_name, html, value, method) => {
    expect(extract(html).contacts).toMatchObject([
      { kind: 'email', value, method, sourceUrl: 'https://www.bakery.at/' },
    ])
  })

  test.each([
    ['the name of a picture', '<p>logo@2x.png <a href="mailto:icon@3x.webp">x</a>'],
    ['a package and its version', '<p>jquery@3.7.1 and vue@next.min.js'],
    ['the key of an error tracker', `<p>${'0123456789abcdef'.repeat(2)}@o123.ingest.sentry.io`],
    ['a placeholder', '<p>name@example.com your@email.com'],
    ['an unknown ending', '<p>user@host.localdomain, foo@bar'],
    ['prose with "at"', '<p>Meet us at bakery.at or look at example.com'],
    ['two dots', '<p><a href="mailto:a..b@bakery.at">x</a>'],
    ['what a script says', '<script>var m = "office@bakery.at"</script>'],
    ['a handle', '<p>Follow @bakery.at'],
    ['broken protection', '<span data-cfemail="5a3"></span><span data-cfemail="zz"></span>'],
  ])('%s is none', (_name, html) => {
    expect(valuesOf(extract(html), 'email')).toEqual([])
  })

  test('a site on a name of a test network has addresses of its own', () => {
    const page = extract('<p>office@bakery.example and other@shop.example', { url: 'http://www.bakery.example:8080/' })
    expect(valuesOf(page, 'email')).toEqual(['office@bakery.example'])
  })

  test('an address counts once, from its surest place, with what stands around it', () => {
    const page = extract(
      '<p>Reservations: office@bakery.at (Mon to Fri)</p><a href="mailto:office@bakery.at">Send us a mail</a>',
    )
    expect(page.contacts).toMatchObject([{ method: 'link', snippet: 'Send us a mail', confidence: 1 }])
    const [inText] = extract(`<p>${'x '.repeat(100)}Reservations: office@bakery.at (Mon to Fri)`).contacts
    expect(inText?.snippet).toMatch(/^….*Reservations: office@bakery\.at \(Mon to Fri\)$/)
  })

  test('Cloudflare’s code is decoded, and nothing else taken for it', () => {
    expect(decodeProtected(protect('a@b.at', 0xff))).toBe('a@b.at')
    expect(decodeProtected('')).toBeUndefined()
    expect(decodeProtected('0')).toBeUndefined()
  })
})

describe('(14) telephone numbers', () => {
  test.each([
    ['in a link', '<a href="tel:+43%20316%20123456">x</a>', {}, '+43316123456'],
    ['international, in the text', '<p>+43 (0) 316 / 12 34 56', {}, '+43316123456'],
    ['with 00', '<p>Tel: 0043 316 123456', {}, '+43316123456'],
    ['national, by the TLD', '<p>Tel.: 0316 / 12 34 56', {}, '+43316123456'],
    [
      'national, by the language where the TLD says nothing',
      '<html lang="de-CH"><p>Telefon 044 668 18 00',
      { url: 'https://x.com/' },
      '+41446681800',
    ],
    ['national, of the United Kingdom', '<p>Phone: 020 7946 0958', { url: 'https://x.co.uk/' }, '+442079460958'],
    [
      'national, by the address in JSON-LD',
      '<script type="application/ld+json">{"@type":"Store","name":"x","address":{"addressCountry":"FR"},"telephone":"01 42 68 53 00"}</script>',
      { url: 'https://x.com/' },
      '+33142685300',
    ],
    ['of America', '<html lang="en"><p>Call us: (212) 555-0123', { url: 'https://x.com/' }, '+12125550123'],
  ])('%s', (_name, html, options, value) => {
    expect(valuesOf(extract(html, options), 'phone')).toEqual([value])
  })

  test.each([
    ['a date', '<p>Opened 12.05.2019, 2024-05-01 10:00'],
    ['a price', '<p>EUR 1.299.000,00'],
    ['an account', '<p>IBAN: AT61 1904 3002 3457 3201 Konto 19043002345'],
    ['digits without a word before', '<p>0316 123456'],
    ['a number that cannot exist', '<a href="tel:+43123">x</a><p>Tel. 000000000'],
    ['a company’s number', '<p>FN 123456789, UID: 0316123456'],
  ])('%s is none', (_name, html) => {
    expect(valuesOf(extract(html), 'phone')).toEqual([])
  })

  test('a fax is none, and is kept apart', () => {
    const page = extract('<p>Tel. +43 316 123456<br>Fax: +43 316 123457')
    expect(valuesOf(page, 'phone')).toEqual(['+43316123456'])
    expect(valuesOf(page, 'fax')).toEqual(['+43316123457'])
  })

  test.each([
    ['shop.at', 'en', undefined, 'AT'],
    ['shop.io', 'de', undefined, 'DE'],
    ['shop.com', 'en-GB', undefined, 'GB'],
    ['shop.com', undefined, 'uk', 'GB'],
    ['shop.com', undefined, 'Austria', undefined],
  ])('the country of %s in %s is %s → %s', (host, language, declared, country) => {
    expect(countryOf(host, language, declared)).toBe(country)
  })
})

describe('(14) social profiles', () => {
  test.each([
    ['https://www.facebook.com/BakeryHuber/?ref=page', 'https://www.facebook.com/bakeryhuber'],
    ['https://facebook.com/profile.php?id=100012345', 'https://www.facebook.com/profile.php?id=100012345'],
    ['//instagram.com/bakery.huber/', 'https://www.instagram.com/bakery.huber'],
    ['https://twitter.com/@Bakery', 'https://x.com/bakery'],
    ['https://at.linkedin.com/company/bakery-huber/about/', 'https://www.linkedin.com/company/bakery-huber'],
    ['https://www.youtube.com/@Bakery', 'https://www.youtube.com/@Bakery'],
    ['https://www.youtube.com/channel/UCabc/videos', 'https://www.youtube.com/channel/UCabc'],
    ['https://www.tiktok.com/@bakery?lang=de', 'https://www.tiktok.com/@bakery'],
    ['https://wa.me/43316123456', 'https://wa.me/43316123456'],
    ['https://www.xing.com/pages/bakery', 'https://www.xing.com/pages/bakery'],
  ])('%s is %s', (href, url) => {
    expect(socialProfile(href)?.url).toBe(url)
  })

  test.each([
    'https://www.facebook.com/sharer/sharer.php?u=https://bakery.at',
    'https://www.facebook.com/sharer.php?u=x',
    'https://www.facebook.com/dialog/share?href=x',
    'https://www.facebook.com/plugins/like.php',
    'https://www.facebook.com/tr?id=1',
    'https://www.facebook.com/',
    'https://twitter.com/intent/tweet?text=x',
    'https://twitter.com/share',
    'https://x.com/bakery/status/1',
    'https://x.com/home?status=x',
    'https://www.linkedin.com/shareArticle?mini=true&url=x',
    'https://www.linkedin.com/sharing/share-offsite/?url=x',
    'https://www.pinterest.com/pin/create/button/?url=x',
    'https://wa.me/?text=x',
    'https://t.me/share/url?url=x',
    'https://www.instagram.com/p/abc/',
    'https://www.youtube.com/watch?v=abc',
    'https://www.youtube.com/embed/abc',
    'https://notfacebook.com/bakery',
    'mailto:a@facebook.com',
  ])('%s is none', (href) => {
    expect(socialProfile(href)).toBeUndefined()
  })

  test('of a page are listed once, and its share buttons not', () => {
    const page = extract(`<a href="https://www.facebook.com/huber">F</a><a href="http://facebook.com/Huber/">F</a>
      <a href="https://www.facebook.com/sharer/sharer.php?u=https%3A%2F%2Fbakery.at">Share</a>`)
    expect(page.contacts).toMatchObject([
      { kind: 'social', network: 'facebook', value: 'https://www.facebook.com/huber' },
    ])
  })
})
