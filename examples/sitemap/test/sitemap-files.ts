/** Sitemaps of our own writing. */
export const sitemapNs = 'http://www.sitemaps.org/schemas/sitemap/0.9'

export const urlset = (inner: string, attributes = `xmlns="${sitemapNs}"`): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<urlset ${attributes}>${inner}</urlset>`

export const index = (...urls: string[]): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<sitemapindex xmlns="${sitemapNs}">${urls
    .map((url) => `<sitemap><loc>${url}</loc></sitemap>`)
    .join('')}</sitemapindex>`

export const page = (url: string, rest = ''): string => `<url><loc>${url}</loc>${rest}</url>`

/** Everything that an entry can have. */
export const richUrlset = (base: string): string =>
  urlset(
    `
    <url>
      <loc>${base}/shoes?a=1&amp;b=2</loc>
      <lastmod>2026-03-04T05:06:07+02:00</lastmod>
      <changefreq>Weekly</changefreq>
      <priority>0.8</priority>
      <image:image><image:loc>${base}/a.jpg</image:loc></image:image>
      <image:image><image:loc>${base}/b.jpg</image:loc></image:image>
      <video:video><video:title>Walk</video:title></video:video>
      <news:news><news:title>New shoes</news:title></news:news>
      <xhtml:link rel="alternate" hreflang="de" href="${base}/de/schuhe"/>
      <xhtml:link rel="alternate" hreflang="fr" href="${base}/fr/chaussures"/>
      <xhtml:link rel="stylesheet" href="${base}/x.css"/>
    </url>
    <url><loc><![CDATA[${base}/cdata?x=1&y=2]]></loc><lastmod>yesterday</lastmod><priority>7</priority></url>
    <url><loc>\n  ${base}/caf&#xE9;  \n</loc><lastmod>2026-02-30</lastmod></url>
    <url><loc>${base}/day</loc><lastmod>2026-02-28</lastmod><changefreq>sometimes</changefreq></url>`,
    `xmlns="${sitemapNs}" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"
     xmlns:video="http://www.google.com/schemas/sitemap-video/1.1"
     xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml"`,
  )
