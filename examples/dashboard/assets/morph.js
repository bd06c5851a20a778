// Makes one element look like another, changing only what is different: rows keep their place, fields what was typed,
// the focus where it is.

/** What has an id is the same thing wherever it stands. */
function keyOf(node) {
  // By its attribute: a form with a field named "id" says that field for `form.id`.
  return node.nodeType === Node.ELEMENT_NODE ? (node.getAttribute('id') ?? undefined) : undefined
}

function isSame(a, b) {
  return a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b)
}

export function morph(now, next) {
  if (now.isEqualNode(next)) return
  morphAttributes(now, next)
  const known = new Map([...now.children].map((child) => [keyOf(child), child]))
  let at = now.firstChild
  for (const wanted of [...next.childNodes]) {
    const key = keyOf(wanted)
    const match = key === undefined ? at : known.get(key)
    if (match && isSame(match, wanted)) {
      if (match === at) at = at.nextSibling
      else now.insertBefore(match, at)
      if (match.nodeType === Node.ELEMENT_NODE) morph(match, wanted)
      else if (match.nodeValue !== wanted.nodeValue) match.nodeValue = wanted.nodeValue
    } else now.insertBefore(document.importNode(wanted, true), at)
  }
  while (at) {
    const rest = at
    at = at.nextSibling
    rest.remove()
  }
}

function morphAttributes(now, next) {
  for (const { name, value } of [...next.attributes]) {
    if (now.getAttribute(name) !== value) now.setAttribute(name, value)
  }
  for (const { name } of [...now.attributes]) {
    // What the user opened stays open, and what a script showed stays shown.
    if (!next.hasAttribute(name) && !(name === 'open' && now.nodeName === 'DETAILS')) now.removeAttribute(name)
  }
}
