/** Line icons, drawn with paths of our own: icon("close") → an <svg> that assistive technology skips. */
const PATHS = {
  close: "M6 6l12 12M18 6L6 18",
  minimise: "M6 10l6 6 6-6",
  send: "M4 12h15M13 6l6 6-6 6",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5c.8-4 3.8-6 7.5-6s6.7 2 7.5 6",
  phone: "M5 4h4l1.5 4.5-2.5 2a13 13 0 0 0 5.5 5.5l2-2.5L20 15v4a1 1 0 0 1-1 1C11 20 4 13 4 5a1 1 0 0 1 1-1z",
  contact: "M4 6h16v12H4zM4 7l8 6 8-6",
  down: "M12 5v14M6 13l6 6 6-6",
  save: "M12 4v11M7 10.5l5 5 5-5M5 20h14",
}
const SPACE = "http://www.w3.org/2000/svg"

export function icon(name) {
  const svg = document.createElementNS(SPACE, "svg")
  svg.setAttribute("viewBox", "0 0 24 24")
  svg.setAttribute("aria-hidden", "true")
  svg.classList.add("icon")
  const path = svg.appendChild(document.createElementNS(SPACE, "path"))
  path.setAttribute("d", PATHS[name])
  return svg
}
