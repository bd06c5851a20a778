import { html, jsonLd, plain, type DemoSite, type PageAnswer } from '../site.ts'

const host = 'gasthaus-sonnleiten.example'

/** A restaurant that hides its e-mail addresses from robots in every way that people do, next to look-alikes. */
export const restaurant: DemoSite = {
  host,
  about: 'restaurant with impressum, obfuscated e-mail addresses, phones in many spellings, and look-alikes',
  answers(origin) {
    const page = (title: string, body: string): PageAnswer =>
      html({
        lang: 'de-AT',
        title,
        head: `<meta name="description" content="Bodenständige Küche mit Blick auf den Schöckl.">
<link rel="shortcut icon" href="/favicon.ico">
${jsonLd({
  '@context': 'https://schema.org',
  '@type': 'Restaurant',
  name: 'Gasthaus Sonnleiten',
  url: `${origin}/`,
  telephone: '+43 316 555077',
  email: `reservierung@${host}`,
  servesCuisine: 'Steirisch',
  priceRange: '€€',
  address: {
    '@type': 'PostalAddress',
    streetAddress: 'Sonnleitenweg 12',
    postalCode: '8043',
    addressLocality: 'Graz',
    addressCountry: 'AT',
  },
  openingHoursSpecification: [
    {
      '@type': 'OpeningHoursSpecification',
      dayOfWeek: ['Thursday', 'Friday', 'Saturday'],
      opens: '11:00',
      closes: '22:00',
    },
  ],
})}`,
        body: `<nav><a href="/">Start</a> <a href="/speisekarte">Speisekarte</a> <a href="/kontakt">Kontakt</a> <a href="/impressum">Impressum</a></nav>
<img src="/bilder/logo@2x.png" alt=""><img src="/bilder/stube@3x.webp" alt="">
${body}
<footer><a href="https://www.facebook.com/sharer/sharer.php?u=${encodeURIComponent(origin)}">Teilen</a>
<a href="https://twitter.com/intent/tweet?url=${encodeURIComponent(origin)}">Twittern</a>
<a href="https://www.facebook.com/gasthaus.sonnleiten.beispiel/">Facebook</a>
<a href="https://www.instagram.com/sonnleiten.beispiel">Instagram</a></footer>`,
      })
    return {
      '/': page(
        'Gasthaus Sonnleiten',
        '<h1>Gasthaus Sonnleiten</h1><p>Donnerstag bis Samstag von 11 bis 22 Uhr. Tisch: <a href="tel:0316555077">0316 555077</a></p><p>Am 12.05.2024 feiern wir 40 Jahre. Artikel 4711-0815-99.</p>',
      ),
      '/speisekarte': page(
        'Speisekarte',
        '<h1>Speisekarte</h1><ul><li>Backhendl 14,90</li><li>Käferbohnensalat 6,50</li></ul>',
      ),
      '/kontakt': page(
        'Kontakt',
        `<h1>Kontakt</h1>
<p>Reservierung: <a href="&#109;&#97;&#105;&#108;&#116;&#111;:reservierung&#64;${host}">schreiben</a></p>
<p>Küche: <a href="/cdn-cgi/l/email-protection" class="__cf_email__" data-cfemail="${hideAsCloudflare(`kueche@${host}`, 0x5a)}">[email&#160;protected]</a></p>
<p>Feste: feste [at] ${host.replace('.', ' [dot] ')}</p>
<p>Telefon +43 (0)316 555077 oder 0043 316 555078, mobil 0664 / 555 01 23</p>`,
      ),
      '/impressum': page(
        'Impressum',
        `<h1>Impressum</h1><p>Sonnleiten Gastronomie GmbH<br>Geschäftsführer: Franz Moser<br>FN 000000 x, Landesgericht Graz<br>UID ATU00000001<br>Tel.: 0316/555077<br>E-Mail: office(at)${host}</p>`,
      ),
      '/robots.txt': plain('User-agent: *\nDisallow:\n'),
    }
  },
}

/** The form in which Cloudflare's e-mail protection writes an address: a key, then each byte under it. */
function hideAsCloudflare(address: string, key: number): string {
  const bytes = [key, ...Buffer.from(address).map((byte) => byte ^ key)]
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
