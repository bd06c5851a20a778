import { describe, expect, test } from 'vitest'
import { extract } from './page.ts'

const article = `<p>${'We bake bread every morning in our own oven near the river. '.repeat(40)}`

describe('(14) the verdict on a page', () => {
  test.each([
    ['live', '<title>Bakery</title><h1>Bread</h1><p>Fresh every day.'],
    ['live', `<title>How to park a domain that is for sale</title><p>Buy this domain, page not found. ${article}`],
    ['live', '<title>Parking garage Graz</title><p>Our garage parks 404 cars. Related links: none'],
    ['parked', '<title>bakery.at</title><script src="https://img.sedoparking.com/x.js"></script>'],
    [
      'parked',
      '<title>Parked domain</title><p>This domain is parked free, courtesy of a registrar. Related searches: bread',
    ],
    ['parked', '<title>Welcome to nginx!</title><h1>Welcome to nginx!</h1>'],
    [
      'for_sale',
      '<title>bakery.at: this domain is for sale</title><p>Buy this domain now, make an offer on this domain',
    ],
    ['for_sale', '<title>bakery.at is for sale</title><p>This domain is for sale.'],
    ['for_sale', '<title>bakery.at</title><p>This domain may be for sale. Buy this domain or call us.'],
    ['live', '<title>Our house is for sale</title><p>Make an offer.'],
    ['for_sale', '<title>Domain kaufen</title><p>Diese Domain steht zum Verkauf.'],
    [
      'blocked',
      '<title>Just a moment...</title><script>window._cf_chl_opt = {}</script><p>Enable JavaScript and cookies to continue',
    ],
    ['blocked', '<title>Access Denied</title><p>You have been blocked.'],
    ['soft_404', '<title>404 - Bakery</title><p>Sorry.'],
    ['soft_404', '<title>Bakery | 404</title><p>Sorry.'],
    ['soft_404', '<title>Error 404</title><p>Sorry.'],
    ['soft_404', '<title>Bakery 404 Graz</title><p>The page you are looking for is not here.'],
    ['live', '<title>Welcome – Optics 404</title><h1>Welcome</h1><p>In Graz since 1954.'],
    ['live', '<title>404 Studio: design</title><h1>Peugeot 404</h1><p>All about the car.'],
    ['soft_404', '<title>Bakery</title><h1>Seite nicht gefunden</h1><p>Die Seite wurde nicht gefunden.'],
  ])('%s: %s', (verdict, html) => {
    const { judgement } = extract(html)
    expect(judgement.verdict).toBe(verdict)
    expect(judgement.reasons.length > 0).toBe(verdict !== 'live')
  })

  test('the market place that a domain leads to says that it is for sale', () => {
    expect(extract('<p>x', { url: 'https://www.hugedomains.com/domain_profile.cfm?d=bakery' }).judgement.verdict).toBe(
      'for_sale',
    )
  })

  test('contacts and technologies of a page that is not live are not the site’s', () => {
    const page = extract(`<title>This domain is for sale</title><meta name=generator content="WordPress 6.5">
      <p>Buy this domain: sales@broker.com, +43 316 123456`)
    expect(page).toMatchObject({ contacts: [], technologies: [] })
  })
})
