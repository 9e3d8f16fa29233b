/** The conversation as a plain text file, made in the browser: nothing is sent for it. */
import { element } from "../shared/element.js"
import { date, hour } from "../shared/time.js"
import { sender } from "./texts.js"

export function save(turns, { t, language, title }) {
  const head = [title, ""]
  const url = URL.createObjectURL(new Blob([[...head, ...turns.map((turn) => written(turn, t, language))].join("\r\n")], { type: "text/plain;charset=utf-8" }))
  element("a", { href: url, download: t("file") }).click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

function written(turn, t, language) {
  const lines = [`${date(turn.at, language)} ${hour(turn.at, language)}, ${sender(turn, t)}:`, turn.text]
  if (turn.link) lines.push(`${turn.link.title}: ${turn.link.url}`)
  if (turn.checked_on) lines.push(`${t("checked_on")} ${date(turn.checked_on, language)}`)
  return [...lines, ""].join("\r\n")
}
