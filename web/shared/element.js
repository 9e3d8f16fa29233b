/**
 * Builds DOM without markup strings, so nothing that a person wrote is ever parsed as HTML.
 *
 *   element("p", { class: "hint", lang: "nl" }, "Uw vraag: ", strong)   → HTMLParagraphElement
 *   element("button", { type: "button", onclick: () => … }, "Verstuur")
 *   fill(node, ...children)                                             → node, with only these children
 *   loadSheet(new URL("panel.css", import.meta.url))                    → Promise<CSSStyleSheet>
 *
 * Attributes: a function under `on…` becomes a listener; `true` an empty attribute; `false`, `null` and `undefined`
 * leave it out; everything else becomes a string. `style` is refused: a strict CSP blocks it.
 * Children: nodes and text; `null`, `undefined` and `false` are skipped, lists are flattened.
 */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) give(node, name, value)
  return fill(node, ...children)
}

export function fill(node, ...children) {
  node.replaceChildren(...children.flat(Infinity).filter((child) => child != null && child !== false))
  return node
}

/** A constructed sheet works where a host page's CSP blocks <style>, <link> and style attributes. */
export async function loadSheet(url) {
  const answer = await fetch(url, { credentials: "omit" })
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`)
  return new CSSStyleSheet().replace(await answer.text())
}

function give(node, name, value) {
  if (value == null || value === false) return
  if (name === "style") throw new TypeError("a style attribute is blocked by our own CSP: use a class")
  if (name.startsWith("on")) return node.addEventListener(name.slice(2), value)
  node.setAttribute(name, value === true ? "" : String(value))
}
