import { describe, expect, test } from 'vitest'
import { catalogue } from '../../src/technologies/catalogue.ts'
import { mergeTechnologies } from '../../src/technologies/detect.ts'
import { extract, type PageOptions } from './page.ts'

function found(html: string, options: PageOptions = {}): Record<string, string | undefined> {
  return Object.fromEntries(extract(html, options).technologies.map(({ name, version }) => [name, version]))
}
const headers = (...list: (readonly [string, string])[]): PageOptions => ({ headers: list })

describe('(14) technologies', () => {
  test('WordPress with its version, theme, plugins and what they are', () => {
    const page = `<meta name="generator" content="WordPress 6.5.2"><meta name="generator" content="Elementor 3.21.0; features: x">
      <!-- This site is optimized with the Yoast SEO plugin v22.5 - https://yoast.com -->
      <link rel="stylesheet" href="/wp-content/themes/Astra/style.css?ver=4.6.1">
      <script src="/wp-content/plugins/contact-form-7/includes/js/index.js?ver=5.9.3"></script>
      <script src="/wp-content/plugins/woocommerce/assets/js/x.js?ver=6.5.2"></script>
      <script src="/wp-includes/js/jquery/jquery.min.js?ver=3.7.1"></script><p class="wpcf7">`
    expect(found(page)).toStrictEqual({
      WordPress: '6.5.2',
      Elementor: '3.21.0',
      WooCommerce: undefined,
      'Contact Form 7': '5.9.3',
      'Yoast SEO': '22.5',
      jQuery: '3.7.1',
      'WordPress theme: astra': '4.6.1',
      'WordPress plugin: contact-form-7': '5.9.3',
      'WordPress plugin: woocommerce': undefined,
    })
  })

  test.each<[string, string, PageOptions, string | undefined]>([
    ['Divi', '<link rel=stylesheet href="/wp-content/themes/Divi/style.css">', {}, undefined],
    ['Shopify', '<script>Shopify.shop = "x.myshopify.com"</script>', {}, undefined],
    ['Shopify', '<p>', headers(['x-shopid', '1']), undefined],
    ['Wix', '<meta name=generator content="Wix.com Website Builder">', {}, undefined],
    ['Squarespace', '<script>Static.SQUARESPACE_CONTEXT = {}</script>', {}, undefined],
    ['Webflow', '<meta name="generator" content="Webflow">', {}, undefined],
    ['Drupal', '<meta name="Generator" content="Drupal 10 (https://www.drupal.org)">', {}, '10'],
    ['Joomla', '<meta name="generator" content="Joomla! - Open Source Content Management">', {}, undefined],
    ['Next.js', '<div id="__next"></div><script id="__NEXT_DATA__" type="application/json">{}</script>', {}, undefined],
    ['Next.js', '<p>', headers(['x-powered-by', 'Next.js 14.2']), '14.2'],
    ['Nuxt', '<div id="__nuxt"></div><script src="/_nuxt/a.js"></script>', {}, undefined],
    ['Google Analytics 4', '<script>gtag("config", "G-ABC1234567")</script>', {}, undefined],
    [
      'Google Tag Manager',
      '<noscript><iframe src="https://www.googletagmanager.com/ns.html?id=GTM-ABC12"></iframe></noscript>',
      {},
      undefined,
    ],
    ['Meta Pixel', `<script>fbq('init', '123')</script>`, {}, undefined],
    ['Intercom', '<script src="https://widget.intercom.io/widget/x"></script>', {}, undefined],
    ['Tawk.to', '<script>s.src="https://embed.tawk.to/x/default"</script>', {}, undefined],
    ['Cloudflare', '<p>', headers(['cf-ray', '8-VIE'], ['server', 'cloudflare']), undefined],
    ['nginx', '<p>', headers(['server', 'nginx/1.25.3 (Ubuntu)']), '1.25.3'],
    ['PHP', '<p>', headers(['x-powered-by', 'PHP/8.2.1']), '8.2.1'],
    ['PHP', '<p>', headers(['set-cookie', 'PHPSESSID=1; path=/']), undefined],
  ])('%s by %s', (name, html, options, version) => {
    const technologies = found(html, options)
    expect(technologies).toHaveProperty([name])
    expect(technologies[name]).toBe(version)
  })

  test.each([
    [
      'the word',
      '<title>WordPress hosting</title><h1>WordPress</h1><p>We love WordPress, Shopify, Wix and Drupal. wp-content</p>',
    ],
    ['a link to the files of another site', '<a href="https://other.com/wp-content/uploads/a.pdf">x</a>'],
    ['a picture of another site', '<img src="https://other.com/wp-content/uploads/a.png">'],
    [
      'an article with code in it',
      '<pre>&lt;meta name="generator" content="WordPress 6"&gt; /wp-content/themes/x/</pre>',
    ],
    ['a description', '<meta name="description" content="WordPress 6.5 agency">'],
    ['weak evidence alone', '<img src="https://static.wixstatic.example/a.png">'],
  ])('%s is no evidence', (_name, html) => {
    expect(found(html)).toStrictEqual({})
  })

  test('every piece of evidence makes it surer, and says what it is', () => {
    const once = extract('<script src="/wp-includes/js/a.js"></script>').technologies[0]
    const twice = extract('<meta name=generator content="WordPress 6.5"><script src="/wp-includes/js/a.js"></script>')
      .technologies[0]
    expect(once).toMatchObject({
      name: 'WordPress',
      confidence: 0.85,
      evidence: ['resource: https://www.bakery.at/wp-includes/js/a.js'],
    })
    expect(twice!.confidence).toBeGreaterThan(once!.confidence)
    expect(twice).toMatchObject({ version: '6.5' })
  })

  test('what one page knows about a version is known about the site', () => {
    const one = { name: 'nginx', category: 'server', confidence: 0.95, evidence: [], version: undefined }
    expect(mergeTechnologies([[one], [{ ...one, confidence: 0.9, version: '1.2' }]])).toEqual([
      { ...one, version: '1.2' },
    ])
  })

  test('whatever another implies is in the catalogue, and every name is there once', () => {
    const names = catalogue.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const { implies = [] } of catalogue) for (const name of implies) expect(names).toContain(name)
  })
})
