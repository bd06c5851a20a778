import { html, jsonLd, plain, urlset, type Answer, type DemoSite, type PageAnswer } from '../site.ts'

const host = 'keramikladen.example'
const products = [
  ['schale-moos', 'Schale Moos', '38.00'],
  ['becher-schiefer', 'Becher Schiefer', '24.50'],
  ['krug-lehm', 'Krug Lehm', '61.00'],
  ['teller-kreide', 'Teller Kreide', '29.90'],
] as const

/** A shop: WooCommerce, products as JSON-LD, analytics of several vendors, images in the sitemap. */
export const potteryShop: DemoSite = {
  host,
  about: 'shop with WooCommerce, product data, analytics, and images in its sitemap',
  answers(origin) {
    const page = (title: string, body: string, head = ''): PageAnswer =>
      html({
        title: `${title} | Keramikladen`,
        head: `<meta name="description" content="Handgedrehtes Steinzeug aus der Werkstatt.">
<meta name="generator" content="WordPress 6.4.4"><meta name="generator" content="WooCommerce 8.8.3">
<link rel="stylesheet" href="/wp-content/themes/storefront/style.css?ver=4.5.5">
<link rel="stylesheet" href="/wp-content/plugins/woocommerce/assets/css/woocommerce.css?ver=8.8.3">
<script async src="https://www.googletagmanager.com/gtag/js?id=G-DEMO000001"></script>
<script>window.dataLayer=window.dataLayer||[];function gtag(){dataLayer.push(arguments)}gtag('config','G-DEMO000001');
(function(w,d,s,l,i){})(window,document,'script','dataLayer','GTM-DEMO01');fbq('init','100000000000001');</script>
${head}`,
        body: `<header><a href="/">Keramikladen</a> <a href="/warenkorb/">Warenkorb</a></header><main class="woocommerce">${body}</main>
<footer><a href="/impressum/">Impressum</a> <a href="/agb/">AGB</a> hallo@${host}</footer>
<noscript><iframe src="https://www.googletagmanager.com/ns.html?id=GTM-DEMO01"></iframe></noscript>`,
      })
    const answers: Record<string, Answer> = {
      '/': page(
        'Steinzeug',
        `<h1>Steinzeug für jeden Tag</h1><ul class="products">${products.map(([slug, name, price]) => `<li class="product"><a href="/produkt/${slug}/">${name}</a> <span class="woocommerce-Price-amount">€ ${price}</span></li>`).join('')}</ul>`,
      ),
      '/warenkorb/': page('Warenkorb', '<h1>Warenkorb</h1><p>Ihr Warenkorb ist leer.</p>'),
      '/agb/': page('AGB', '<h1>Allgemeine Geschäftsbedingungen</h1><p>Bruch auf dem Weg ersetzen wir.</p>'),
      '/impressum/': page(
        'Impressum',
        `<h1>Impressum</h1><p>Keramikladen Huber, Töpferweg 3, 5020 Salzburg<br>Telefon +43 662 555 044<br>hallo@${host}</p>`,
      ),
      '/robots.txt': plain('User-agent: *\nDisallow: /warenkorb/\n\nSitemap: /sitemap.xml\n'),
      '/sitemap.xml': urlset(
        origin,
        products.map(
          ([slug, name]) =>
            [
              `/produkt/${slug}/`,
              `<changefreq>weekly</changefreq><priority>0.8</priority><image:image><image:loc>${origin}/bilder/${slug}.jpg</image:loc><image:title>${name}</image:title></image:image>`,
            ] as const,
        ),
        ' xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"',
      ),
    }
    for (const [slug, name, price] of products) {
      const product = {
        '@context': 'https://schema.org',
        '@type': 'Product',
        name,
        sku: slug,
        offers: { '@type': 'Offer', price, priceCurrency: 'EUR', availability: 'https://schema.org/InStock' },
      }
      answers[`/produkt/${slug}/`] = page(
        name,
        `<h1 class="product_title">${name}</h1><p class="price">€ ${price}</p><form class="cart" method="post"><button name="add-to-cart" value="1">In den Warenkorb</button></form>`,
        jsonLd(product),
      )
    }
    return answers
  },
}
