/**
 * The console's own words: texts in the chosen language, and codes, confidences and waiting times as people say them.
 *
 *   speak("en")                  chooses the language, also for the page itself
 *   t("lists.mine")              → the text
 *   label("reason", "bot_down")  → the text for a code; an unknown code stays readable: "some_code" → "Some code"
 */
import { language, translator } from "../shared/i18n.js"
import { TEXTS } from "./texts.js"

let chosen = "nl"
let translate = translator(TEXTS, chosen)

export const t = (key, values) => translate(key, values)
export const spoken = () => chosen
export const otherLanguage = () => (chosen === "nl" ? "en" : "nl")

export function speak(...wishes) {
  chosen = language(...wishes)
  translate = translator(TEXTS, chosen)
  document.documentElement.lang = chosen
}

export function label(kind, code) {
  if (!code) return t("packet.unknown")
  return TEXTS[chosen][`${kind}.${code}`] ?? readable(code)
}

/** What an error frame means for this person; the service's own words for a code that is new here. */
export function errorText(error) {
  if (error.code === "taken") return error.by ? t("talk.taken_by", { name: error.by.name ?? error.by }) : t("talk.taken")
  const own = TEXTS[chosen][`error.${error.code}`]
  return own ?? (error.type === "error" && error.message ? error.message : t("talk.error"))
}

/** 0.87 → "vrijwel zeker (87%)" */
export function sure(confidence) {
  const word = confidence >= 0.85 ? "very" : confidence >= 0.6 ? "likely" : confidence >= 0.35 ? "maybe" : "unsure"
  return `${t(`sure.${word}`)} (${Math.round(confidence * 100)}%)`
}

/** How long ago, as a clock: "7:04", "1:07:04". */
export function elapsed(since, now = Date.now()) {
  const seconds = Math.max(0, Math.floor((now - new Date(since).getTime()) / 1000))
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  const rest = String(seconds % 60).padStart(2, "0")
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`
}

/** "en" → "Engels"; a code that the browser does not know stays as it is. */
export function languageName(code) {
  try {
    return capital(new Intl.DisplayNames([chosen], { type: "language" }).of(code))
  } catch {
    return code
  }
}

/** Any slot value as text: {"by": "Anja", "text": "…"} → "Anja: …", a list → "a, b". */
export function plain(value) {
  if (value == null || value === "") return t("packet.unknown")
  if (Array.isArray(value)) return value.map(plain).join(", ")
  if (typeof value !== "object") return String(value)
  if ("by" in value && "text" in value) return `${value.by}: ${value.text}`
  return Object.entries(value).map(([name, part]) => `${readable(name)}: ${plain(part)}`).join(", ")
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1)
const readable = (code) => capital(String(code).replaceAll("_", " "))
