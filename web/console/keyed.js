/**
 * Makes `list` show `items`, one child each, by key: children are kept, changed in place, and moved only when they must,
 * and focus stays on the child that had it. When the focused child goes, its neighbour or the section's
 * heading gets the focus, so that a keyboard user is not thrown back to the top of the page.
 */
export function keyed(list, items, keyOf, build, show) {
  const focused = list.contains(document.activeElement) ? document.activeElement : null
  const place = focused ? [...list.children].findIndex((child) => child.contains(focused)) : -1
  const known = new Map([...list.children].map((child) => [child.dataset.key, child]))
  items.forEach((item, index) => {
    const key = String(keyOf(item))
    const child = known.get(key) ?? build()
    known.delete(key)
    child.dataset.key = key
    if (list.children[index] !== child) list.insertBefore(child, list.children[index] ?? null)
    show(child, item)
  })
  for (const child of known.values()) child.remove()
  if (focused) keepFocus(list, focused, place)
}

function keepFocus(list, focused, place) {
  if (focused.isConnected) return focused === document.activeElement || focused.focus({ preventScroll: true })
  const neighbour = list.children[Math.min(place, list.children.length - 1)]
  const target = neighbour?.querySelector("button") ?? list.closest("section")?.querySelector("h2, h3")
  target?.focus({ preventScroll: true })
}
