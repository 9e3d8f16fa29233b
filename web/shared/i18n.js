/**
 * Texts by language. A catalogue is { nl: { key: text }, en: { key: text } }; Dutch is the complete one.
 * A text may hold {names}, and may be { one, other } when `count` decides.
 *
 *   const t = translator(catalogue, "en")
 *   t("queue_place", { position: 2 })        → "You are number 2."
 *   t("unread", { count: 1 })                → "1 new message"
 *   language("en-GB")                        → "en"; anything unknown becomes "nl"
 */
export const LANGUAGES = ["nl", "en"]

export function language(...wishes) {
  const known = wishes.map((wish) => wish?.slice(0, 2).toLowerCase()).find((wish) => LANGUAGES.includes(wish))
  return known ?? "nl"
}

export function translator(catalogue, chosen) {
  const plural = new Intl.PluralRules(chosen)
  return (key, values = {}) => {
    const text = catalogue[chosen]?.[key] ?? catalogue.nl[key]
    if (text === undefined) throw new Error(`no text for ${key}`)
    const form = typeof text === "string" ? text : (text[plural.select(values.count)] ?? text.other)
    return form.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "")
  }
}
