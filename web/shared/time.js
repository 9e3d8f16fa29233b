/**
 * Times as the municipality's clock shows them, wherever the reader is. `at` is an RFC 3339 text or a Date.
 *
 *   hour(at, "nl")       → "14:05"
 *   date(at, "nl")       → "2 november 2026"        (also for a plain "2026-11-02")
 *   dateTime(at, "nl")   → "maandag 2 november om 14:05"
 *   sameDay(at, other)   → boolean
 *   timeElement(at, text) → <time datetime="…">text</time>
 */
import { element } from "./element.js"

const ZONE = "Europe/Amsterdam"
const LOCALE = { nl: "nl-NL", en: "en-GB" }

export const hour = (at, language) => format(at, language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" })
export const date = (at, language) => format(at, language, { day: "numeric", month: "long", year: "numeric" })
export const sameDay = (at, other) => date(at, "nl") === date(other, "nl")
export const timeElement = (at, text) =>
  element("time", { datetime: at instanceof Date ? at.toISOString() : at }, text)

export function dateTime(at, language) {
  const day = format(at, language, { weekday: "long", day: "numeric", month: "long" })
  return `${day} ${language === "en" ? "at" : "om"} ${hour(at, language)}`
}

function format(at, language, options) {
  const moment = new Date(at)
  if (Number.isNaN(moment.getTime())) return String(at)
  return new Intl.DateTimeFormat(LOCALE[language] ?? LOCALE.nl, { timeZone: ZONE, ...options }).format(moment)
}
