import { html, jsonLd, plain, redirect, sitemapIndex, urlset, xml, type DemoSite, type PageAnswer } from '../site.ts'

const host = 'tischlerei-lindner.example'

/** A WordPress site as a small business has it: theme, page builder, contact form and SEO plugin leave their marks. */
export const joinery: DemoSite = {
  host,
  about: 'WordPress with theme, Elementor, Contact Form 7 and Yoast; sitemap index; feed',
  answers(origin) {
    const page = (path: string, title: string, description: string, body: string): PageAnswer =>
      html({
        lang: 'de-AT',
        title: `${title} – Tischlerei Lindner`,
        head: `<meta name="description" content="${description}">
<link rel="canonical" href="${origin}${path}">
<meta name="robots" content="index, follow, max-image-preview:large">
<meta property="og:locale" content="de_AT"><meta property="og:type" content="website">
<meta property="og:title" content="${title}"><meta property="og:url" content="${origin}${path}">
<meta property="og:image" content="${origin}/wp-content/uploads/2024/03/werkstatt.jpg">
<meta name="twitter:card" content="summary_large_image">
<meta name="generator" content="WordPress 6.5.3">
<meta name="generator" content="Elementor 3.21.8; features: e_optimized_assets_loading">
<!-- This site is optimized with the Yoast SEO plugin v22.7 -->
${jsonLd({ '@context': 'https://schema.org', '@graph': [organization(origin), { '@type': 'WebPage', '@id': `${origin}${path}`, name: title }] })}
<link rel="alternate" type="application/rss+xml" title="Tischlerei Lindner" href="${origin}/feed/">
<link rel="https://api.w.org/" href="${origin}/wp-json/">
<link rel="icon" href="/wp-content/uploads/2024/03/favicon-32x32.png" sizes="32x32">
<link rel="stylesheet" href="/wp-content/themes/hobelbank-child/style.css?ver=1.4.2">
<link rel="stylesheet" href="/wp-content/themes/hobelbank/style.css?ver=3.0.1">
<link rel="stylesheet" href="/wp-content/plugins/elementor/assets/css/frontend.min.css?ver=3.21.8">
<link rel="stylesheet" href="/wp-content/plugins/contact-form-7/includes/css/styles.css?ver=5.9.5">
<script src="/wp-includes/js/jquery/jquery.min.js?ver=3.7.1"></script>`,
        body: `<header><a href="/"><img class="custom-logo" src="/wp-content/uploads/2024/03/logo@2x.png" alt="Tischlerei Lindner"></a>
<nav><ul id="menu-main"><li><a href="/leistungen/">Leistungen</a></li><li><a href="/ueber-uns/">Über uns</a></li><li><a href="/kontakt/">Kontakt</a></li><li><a href="/aktuelles/">Aktuelles</a></li></ul></nav></header>
<main class="elementor elementor-${path.length}">${body}</main>
<footer><p>Tischlerei Lindner e.U., Holzgasse 7, 8010 Graz</p><a href="/impressum/">Impressum</a> <a href="/datenschutz/">Datenschutz</a>
<a href="https://www.facebook.com/tischlerei.lindner.beispiel">Facebook</a> <a href="https://www.instagram.com/lindner_holz_beispiel/">Instagram</a></footer>
<script src="/wp-content/plugins/contact-form-7/includes/js/index.js?ver=5.9.5"></script>`,
      })
    return {
      '/': page(
        '/',
        'Möbel nach Maß aus Graz',
        'Wir bauen Küchen, Stiegen und Möbel aus heimischem Holz.',
        '<h1>Möbel nach Maß</h1><p>Seit 1987 bauen wir in Graz, was sonst nirgends passt: Küchen unter Dachschrägen, Stiegen für enge Häuser, Tische für große Familien.</p><p><a href="/leistungen/">Was wir machen</a></p>',
      ),
      '/leistungen/': page(
        '/leistungen/',
        'Leistungen',
        'Küchen, Stiegen, Türen, Restaurierung.',
        '<h1>Leistungen</h1><ul><li>Küchen</li><li>Stiegen</li><li>Türen und Fenster</li><li>Restaurierung</li></ul>',
      ),
      '/ueber-uns/': page(
        '/ueber-uns/',
        'Über uns',
        'Drei Generationen, sechs Hobelbänke.',
        '<h1>Über uns</h1><p>Anna Lindner führt die Werkstatt mit vier Gesellen und zwei Lehrlingen.</p>',
      ),
      '/kontakt/': page(
        '/kontakt/',
        'Kontakt',
        'So erreichen Sie uns.',
        `<h1>Kontakt</h1><p>Telefon: <a href="tel:+43316555012">+43 316 555 012</a><br>E-Mail: <a href="mailto:werkstatt@${host}?subject=Anfrage">werkstatt@${host}</a></p>
<div class="wpcf7" id="wpcf7-f12-p34-o1"><form action="/kontakt/#wpcf7-f12-p34-o1" method="post" class="wpcf7-form init"><input type="text" name="your-name"><input type="email" name="your-email" placeholder="name@beispiel.at"><textarea name="your-message"></textarea><input type="submit" value="Senden"></form></div>`,
      ),
      '/impressum/': page(
        '/impressum/',
        'Impressum',
        'Angaben nach § 5 ECG.',
        `<h1>Impressum</h1><p>Tischlerei Lindner e.U.<br>Inhaberin: Anna Lindner<br>Holzgasse 7, 8010 Graz<br>UID: ATU00000000<br>Tel. 0316 / 555 012, Fax 0316 / 555 012-9<br>buero@${host}</p>`,
      ),
      '/datenschutz/': page(
        '/datenschutz/',
        'Datenschutz',
        'Was wir speichern.',
        '<h1>Datenschutz</h1><p>Diese Seite setzt keine Cookies.</p>',
      ),
      '/aktuelles/': page(
        '/aktuelles/',
        'Aktuelles',
        'Neues aus der Werkstatt.',
        '<h1>Aktuelles</h1><article><h2><a href="/2024/05/eichentisch/">Ein Tisch aus einer Eiche</a></h2></article>',
      ),
      '/2024/05/eichentisch/': page(
        '/2024/05/eichentisch/',
        'Ein Tisch aus einer Eiche',
        'Vom Baum zum Tisch.',
        '<h1>Ein Tisch aus einer Eiche</h1><p>Der Sturm hat sie geworfen, wir haben sie gesägt.</p>',
      ),
      '/feed/': xml(
        `<rss version="2.0"><channel><title>Tischlerei Lindner</title><link>${origin}/</link><item><title>Ein Tisch aus einer Eiche</title><link>${origin}/2024/05/eichentisch/</link><pubDate>Mon, 06 May 2024 08:00:00 +0000</pubDate></item></channel></rss>`,
      ),
      '/robots.txt': plain(
        `User-agent: *\nDisallow: /wp-admin/\nAllow: /wp-admin/admin-ajax.php\n\nSitemap: ${origin}/sitemap_index.xml\n`,
      ),
      '/sitemap.xml': redirect('/sitemap_index.xml'),
      '/sitemap_index.xml': sitemapIndex([`${origin}/page-sitemap.xml`, `${origin}/post-sitemap.xml`]),
      '/page-sitemap.xml': urlset(
        origin,
        ['/', '/leistungen/', '/ueber-uns/', '/kontakt/', '/impressum/', '/datenschutz/', '/aktuelles/'].map(
          (path) => [path, '<lastmod>2024-05-06T08:00:00+00:00</lastmod>'] as const,
        ),
      ),
      '/post-sitemap.xml': urlset(origin, [['/2024/05/eichentisch/', '<lastmod>2024-05-06T08:00:00+00:00</lastmod>']]),
    }
  },
}

function organization(origin: string): object {
  return {
    '@type': 'Organization',
    '@id': `${origin}/#organization`,
    name: 'Tischlerei Lindner',
    url: `${origin}/`,
    logo: `${origin}/wp-content/uploads/2024/03/logo.png`,
    sameAs: ['https://www.facebook.com/tischlerei.lindner.beispiel'],
  }
}
