import type { Evidence, Source, Technology } from './technology.ts'

const on =
  (source: Source) =>
  (pattern: RegExp, weight: number): Evidence => ({ source, pattern, weight })
const generator = on('generator')
const script = on('script')
const stylesheet = on('stylesheet')
const resource = on('resource')
const inline = on('inline')
const iframe = on('iframe')
const comment = on('comment')
const className = on('class')
const id = on('id')
const ownResource = (pattern: RegExp, weight: number): Evidence => ({
  source: 'resource',
  pattern,
  weight,
  ownHost: true,
})
const header = (name: string, weight: number, pattern?: RegExp): Evidence => ({
  source: 'header',
  name,
  weight,
  ...(pattern ? { pattern } : {}),
})
const cookie = (name: string, weight: number): Evidence => ({ source: 'cookie', name, weight })
const meta = (name: string, weight: number, pattern?: RegExp): Evidence => ({
  source: 'meta',
  name,
  weight,
  ...(pattern ? { pattern } : {}),
})

/**
 * What is recognised, and by which evidence.
 *
 * No entry looks at the words of a page: a page about WordPress does not run it.
 */
export const catalogue: readonly Technology[] = [
  {
    name: 'WordPress',
    category: 'cms',
    evidence: [
      generator(/^wordpress ?([\d.]{1,12})?/i, 0.95),
      ownResource(/\/wp-content\/(?:themes|plugins|uploads)\//, 0.8),
      ownResource(/\/wp-includes\//, 0.85),
      header('link', 0.9, /rel="?https:\/\/api\.w\.org\//),
      header('x-pingback', 0.7, /\/xmlrpc\.php/),
      resource(/\/wp-json\/?$/, 0.7),
      inline(/window\._wpemojiSettings/, 0.8),
    ],
  },
  {
    name: 'Elementor',
    category: 'page builder',
    evidence: [
      generator(/^elementor ([\d.]{1,12})/i, 0.95),
      resource(/\/plugins\/elementor(?:-pro)?\//, 0.9),
      className(/^elementor-(?:page|default|kit-\d{1,9}|element)$/, 0.6),
    ],
    implies: ['WordPress'],
  },
  {
    name: 'Divi',
    category: 'page builder',
    evidence: [
      generator(/^divi v?\.?([\d.]{1,12})/i, 0.95),
      resource(/\/themes\/divi\//i, 0.9),
      className(/^et_pb_(?:section|row|module)$/, 0.6),
    ],
    implies: ['WordPress'],
  },
  {
    name: 'WooCommerce',
    category: 'shop',
    evidence: [
      generator(/^woocommerce ([\d.]{1,12})/i, 0.95),
      resource(/\/plugins\/woocommerce\//, 0.9),
      className(/^woocommerce(?:-page|-js|-no-js)?$/, 0.5),
      cookie('woocommerce_cart_hash', 0.8),
    ],
    implies: ['WordPress'],
  },
  {
    name: 'Contact Form 7',
    category: 'forms',
    evidence: [
      resource(/\/plugins\/contact-form-7\/(?:[^?]{1,80}\?ver=([\d.]{1,12}))?/, 0.9),
      className(/^wpcf7(?:-form)?$/, 0.7),
    ],
    implies: ['WordPress'],
  },
  {
    name: 'Yoast SEO',
    category: 'seo',
    evidence: [
      comment(/yoast seo (?:premium )?plugin(?: v([\d.]{1,12}))?/i, 0.95),
      resource(/\/plugins\/wordpress-seo(?:-premium)?\//, 0.9),
      className(/^yoast-schema-graph$/, 0.9),
    ],
    implies: ['WordPress'],
  },
  {
    name: 'Shopify',
    category: 'shop',
    evidence: [
      script(/^https?:\/\/cdn\.shopify\.com\//, 0.7),
      resource(/\/cdn\/shop\/(?:t|files)\//, 0.7),
      inline(/Shopify\.(?:shop|theme|cdnHost) ?=/, 0.9),
      header('x-shopid', 0.95),
      header('x-shopify-stage', 0.95),
      header('powered-by', 0.9, /shopify/i),
      meta('shopify-checkout-api-token', 0.95),
      meta('shopify-digital-wallet', 0.9),
    ],
  },
  {
    name: 'Wix',
    category: 'cms',
    evidence: [
      generator(/^wix\.com/i, 0.95),
      header('x-wix-request-id', 0.95),
      script(/^https?:\/\/static\.parastorage\.com\//, 0.8),
      resource(/^https?:\/\/static\.wixstatic\.com\//, 0.6),
      inline(/wixBiSession|"viewerModel"/, 0.6),
    ],
  },
  {
    name: 'Squarespace',
    category: 'cms',
    evidence: [
      generator(/^squarespace/i, 0.95),
      script(/^https?:\/\/(?:static1?|assets)\.squarespace\.com\//, 0.8),
      inline(/Static\.SQUARESPACE_CONTEXT/, 0.95),
      comment(/this is squarespace\./i, 0.9),
      header('server', 0.9, /^squarespace/i),
    ],
  },
  {
    name: 'Webflow',
    category: 'cms',
    evidence: [
      generator(/^webflow/i, 0.95),
      resource(/^https?:\/\/(?:assets(?:-global)?\.website-files\.com|cdn\.prod\.website-files\.com)\//, 0.7),
      className(/^w-(?:webflow-badge|nav-overlay)$/, 0.6),
      meta('data-wf-site', 0.9),
    ],
  },
  {
    name: 'Drupal',
    category: 'cms',
    evidence: [
      generator(/^drupal ?([\d.]{1,12})?/i, 0.95),
      header('x-generator', 0.95, /^drupal ?([\d.]{1,12})?/i),
      header('x-drupal-cache', 0.9),
      header('x-drupal-dynamic-cache', 0.9),
      ownResource(/\/sites\/(?:default|all)\/(?:files|themes|modules)\//, 0.75),
      inline(/drupalSettings|Drupal\.settings/, 0.7),
    ],
  },
  {
    name: 'Joomla',
    category: 'cms',
    evidence: [
      generator(/^joomla!?(?: ([\d.]{1,12}))?/i, 0.95),
      ownResource(/\/media\/(?:jui|system|vendor\/joomla[\w-]{0,30})\/js\//, 0.75),
      ownResource(/\/components\/com_\w{2,30}\//, 0.6),
      header('x-content-encoded-by', 0.9, /joomla/i),
    ],
  },
  {
    name: 'TYPO3',
    category: 'cms',
    evidence: [generator(/^typo3(?: cms)?(?: ([\d.]{1,12}))?/i, 0.95), ownResource(/\/typo3(?:temp|conf)\//, 0.85)],
  },
  { name: 'Ghost', category: 'cms', evidence: [generator(/^ghost ([\d.]{1,12})/i, 0.95)] },
  { name: 'Hugo', category: 'site generator', evidence: [generator(/^hugo ([\d.]{1,12})/i, 0.95)] },
  { name: 'Jekyll', category: 'site generator', evidence: [generator(/^jekyll v?([\d.]{1,12})/i, 0.95)] },
  {
    name: 'Gatsby',
    category: 'framework',
    evidence: [generator(/^gatsby ([\d.]{1,12})/i, 0.95), id(/^___gatsby$/, 0.9)],
    implies: ['React'],
  },
  {
    name: 'Astro',
    category: 'framework',
    evidence: [generator(/^astro v?([\d.]{1,12})/i, 0.95), resource(/\/_astro\//, 0.7)],
  },
  {
    name: 'PrestaShop',
    category: 'shop',
    evidence: [
      generator(/^prestashop/i, 0.95),
      header('powered-by', 0.9, /prestashop/i),
      inline(/var prestashop ?=/, 0.9),
    ],
  },
  {
    name: 'Magento',
    category: 'shop',
    evidence: [
      ownResource(/\/static\/(?:version\d{6,12}\/)?frontend\/\w{1,30}\//, 0.8),
      header('x-magento-cache-debug', 0.95),
      inline(/"Magento_\w{1,30}\//, 0.7),
    ],
  },
  {
    name: 'Shopware',
    category: 'shop',
    evidence: [header('sw-version-id', 0.9), meta('application-name', 0.7, /^shopware/i), cookie('sw-states', 0.7)],
  },
  {
    name: 'Next.js',
    category: 'framework',
    evidence: [
      id(/^__next$/, 0.6),
      id(/^__NEXT_DATA__$/, 0.9),
      resource(/\/_next\/static\//, 0.9),
      header('x-powered-by', 0.95, /^next\.js ?([\d.]{1,12})?/i),
      header('x-nextjs-cache', 0.9),
    ],
    implies: ['React'],
  },
  {
    name: 'Nuxt',
    category: 'framework',
    evidence: [
      id(/^__nuxt$/, 0.8),
      inline(/window\.__NUXT__/, 0.9),
      resource(/\/_nuxt\//, 0.9),
      header('x-powered-by', 0.9, /^nuxt/i),
    ],
    implies: ['Vue.js'],
  },
  {
    name: 'React',
    category: 'framework',
    evidence: [script(/\/react(?:-dom)?(?:@|\/|-)([\d.]{3,12})?[^?]{0,60}\.js/, 0.8)],
  },
  {
    name: 'Vue.js',
    category: 'framework',
    evidence: [
      script(/\/vue(?:@|\/|-)([\d.]{3,12})?[^?]{0,60}\.js/, 0.8),
      script(/\/vue(?:\.global)?(?:\.prod|\.min)?\.js/, 0.8),
    ],
  },
  {
    name: 'jQuery',
    category: 'library',
    evidence: [
      script(/\/jquery[.-]?([\d.]{3,9}\d)?(?:\.slim)?(?:\.min)?\.js(?:\?ver=([\d.]{3,12}))?/, 0.9),
      script(/\/jquery\/([\d.]{3,9})\//, 0.9),
    ],
  },
  {
    name: 'Bootstrap',
    category: 'library',
    evidence: [
      resource(/\/bootstrap(?:@|\/|-)([\d.]{3,9}\d)?[^?]{0,60}\.(?:css|js)/, 0.8),
      resource(/\/bootstrap(?:\.bundle)?(?:\.min)?\.(?:css|js)/, 0.8),
    ],
  },
  {
    name: 'Google Analytics 4',
    category: 'analytics',
    evidence: [
      script(/^https?:\/\/www\.googletagmanager\.com\/gtag\/js\?(?:[^#]{0,100}&)?id=G-/, 0.95),
      inline(/gtag\(\s{0,5}["']config["'],\s{0,5}["']G-[A-Z0-9]{6,14}["']/, 0.9),
    ],
  },
  {
    name: 'Google Tag Manager',
    category: 'tag manager',
    evidence: [
      script(/^https?:\/\/www\.googletagmanager\.com\/gtm\.js\?/, 0.95),
      iframe(/^https?:\/\/www\.googletagmanager\.com\/ns\.html\?id=GTM-/, 0.9),
      inline(/["']GTM-[A-Z0-9]{4,10}["']/, 0.85),
    ],
  },
  {
    name: 'Meta Pixel',
    category: 'analytics',
    evidence: [
      script(/^https?:\/\/connect\.facebook\.net\/[a-z_]{2,8}\/fbevents\.js/i, 0.9),
      inline(/fbq\(\s{0,5}["']init["']/, 0.9),
      resource(/^https?:\/\/www\.facebook\.com\/tr\?/, 0.8),
    ],
  },
  {
    name: 'Matomo',
    category: 'analytics',
    evidence: [script(/\/(?:matomo|piwik)\.js/, 0.9), inline(/_paq\.push\(/, 0.8)],
  },
  { name: 'Plausible', category: 'analytics', evidence: [script(/^https?:\/\/plausible\.io\/js\//, 0.95)] },
  {
    name: 'Hotjar',
    category: 'analytics',
    evidence: [script(/^https?:\/\/static\.hotjar\.com\//, 0.95), inline(/_hjSettings ?=/, 0.9)],
  },
  {
    name: 'Microsoft Clarity',
    category: 'analytics',
    evidence: [script(/^https?:\/\/www\.clarity\.ms\/tag\//, 0.95), inline(/www\.clarity\.ms\/tag\//, 0.8)],
  },
  {
    name: 'LinkedIn Insight Tag',
    category: 'analytics',
    evidence: [inline(/_linkedin_partner_id/, 0.9), script(/^https?:\/\/snap\.licdn\.com\//, 0.9)],
  },
  {
    name: 'Intercom',
    category: 'chat',
    evidence: [
      script(/^https?:\/\/widget\.intercom\.io\//, 0.95),
      inline(/window\.intercomSettings|widget\.intercom\.io\/widget/, 0.9),
    ],
  },
  {
    name: 'Tawk.to',
    category: 'chat',
    evidence: [script(/^https?:\/\/embed\.tawk\.to\//, 0.95), inline(/embed\.tawk\.to\//, 0.9)],
  },
  {
    name: 'Crisp',
    category: 'chat',
    evidence: [script(/^https?:\/\/client\.crisp\.chat\//, 0.95), inline(/CRISP_WEBSITE_ID/, 0.9)],
  },
  {
    name: 'Zendesk Chat',
    category: 'chat',
    evidence: [script(/^https?:\/\/(?:v2\.zopim\.com|static\.zdassets\.com)\//, 0.95)],
  },
  {
    name: 'HubSpot',
    category: 'marketing',
    evidence: [script(/^https?:\/\/js(?:-eu1)?\.hs-scripts\.com\//, 0.95), generator(/^hubspot/i, 0.95)],
  },
  { name: 'Drift', category: 'chat', evidence: [script(/^https?:\/\/js\.driftt\.com\//, 0.95)] },
  {
    name: 'LiveChat',
    category: 'chat',
    evidence: [script(/^https?:\/\/cdn\.livechatinc\.com\//, 0.95), inline(/cdn\.livechatinc\.com\//, 0.85)],
  },
  { name: 'Userlike', category: 'chat', evidence: [script(/^https?:\/\/userlike-cdn-widgets\./, 0.95)] },
  { name: 'Google Fonts', category: 'fonts', evidence: [stylesheet(/^https?:\/\/fonts\.googleapis\.com\//, 0.95)] },
  {
    name: 'reCAPTCHA',
    category: 'security',
    evidence: [script(/^https?:\/\/www\.(?:google|recaptcha)\.(?:com|net)\/recaptcha\//, 0.95)],
  },
  {
    name: 'Cloudflare',
    category: 'cdn',
    evidence: [header('cf-ray', 0.95), header('server', 0.9, /^cloudflare/i), ownResource(/\/cdn-cgi\//, 0.8)],
  },
  {
    name: 'Fastly',
    category: 'cdn',
    evidence: [header('x-served-by', 0.7, /^cache-/i), header('x-fastly-request-id', 0.95)],
  },
  {
    name: 'Amazon CloudFront',
    category: 'cdn',
    evidence: [header('x-amz-cf-id', 0.95), header('via', 0.9, /cloudfront/i)],
  },
  {
    name: 'Akamai',
    category: 'cdn',
    evidence: [header('x-akamai-transformed', 0.9), header('server', 0.9, /^akamai/i)],
  },
  { name: 'Vercel', category: 'hosting', evidence: [header('x-vercel-id', 0.95), header('server', 0.9, /^vercel/i)] },
  {
    name: 'Netlify',
    category: 'hosting',
    evidence: [header('x-nf-request-id', 0.95), header('server', 0.9, /^netlify/i)],
  },
  { name: 'GitHub Pages', category: 'hosting', evidence: [header('server', 0.9, /^github\.com/i)] },
  { name: 'nginx', category: 'server', evidence: [header('server', 0.95, /^nginx(?:\/([\d.]{1,12}))?/i)] },
  { name: 'Apache', category: 'server', evidence: [header('server', 0.95, /^apache(?:\/([\d.]{1,12}))?/i)] },
  { name: 'LiteSpeed', category: 'server', evidence: [header('server', 0.95, /^litespeed/i)] },
  { name: 'Caddy', category: 'server', evidence: [header('server', 0.95, /^caddy/i)] },
  {
    name: 'Microsoft IIS',
    category: 'server',
    evidence: [header('server', 0.95, /^microsoft-iis(?:\/([\d.]{1,12}))?/i)],
  },
  {
    name: 'PHP',
    category: 'language',
    evidence: [header('x-powered-by', 0.95, /^php(?:\/([\d.]{1,12}))?/i), cookie('phpsessid', 0.8)],
  },
  {
    name: 'ASP.NET',
    category: 'language',
    evidence: [header('x-powered-by', 0.9, /^asp\.net/i), header('x-aspnet-version', 0.95, /^([\d.]{1,12})/)],
  },
  { name: 'Express', category: 'framework', evidence: [header('x-powered-by', 0.95, /^express/i)] },
]
