/**
 * Links, from an allow-list of schemes.
 *
 *   linkify(text)            → [text and <a> nodes]: https addresses, mail addresses and Dutch service numbers
 *   link(url, title)         → <a>, or plain text if the address is not allowed
 *   safeHref(url, base?)     → the absolute address, or null
 *
 * Allowed: https, tel, mailto, and pages of the site we are on or of `base` (for demonstrations without TLS).
 * There is no Markdown: text stays text. Line breaks are kept by `white-space: pre-wrap` in the style sheet.
 */
import { element } from "./element.js"

const SCHEMES = ["https:", "tel:", "mailto:"]
const LINKABLE = /https:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]]|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?<![\d-])14 ?0\d{2,3}(?![\d-])/g

export function safeHref(url, base = document.baseURI) {
  const parsed = parse(url, base)
  if (!parsed) return null
  const ours = /^https?:$/.test(parsed.protocol) && [new URL(base).origin, location.origin].includes(parsed.origin)
  return ours || SCHEMES.includes(parsed.protocol) ? parsed.href : null
}

export function link(url, title, attributes = {}) {
  const href = safeHref(url)
  return href ? element("a", { href, ...attributes }, title) : document.createTextNode(title)
}

export function linkify(text) {
  const nodes = []
  let end = 0
  for (const match of text.matchAll(LINKABLE)) {
    nodes.push(text.slice(end, match.index), link(address(match[0]), match[0]))
    end = match.index + match[0].length
  }
  return [...nodes, text.slice(end)].filter((node) => node !== "")
}

function address(found) {
  if (found.startsWith("https:")) return found
  return found.includes("@") ? `mailto:${found}` : `tel:${found.replace(/\s/g, "")}`
}

function parse(url, base) {
  try {
    return new URL(url, base)
  } catch {
    return null
  }
}
