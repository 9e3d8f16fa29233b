import { element } from "../shared/element.js"
import { ask, field } from "./dialog.js"
import { t } from "./words.js"

/** Back to the bot, with a last word if wanted. `send({ text? })` → Promise. */
export function returnDialog({ texts, send }) {
  const text = element("textarea", { rows: "3", maxlength: "2000", oninput: () => texts.keep("return", text.value) })
  text.value = texts.get("return")
  return ask({
    heading: t("return.heading"), submit: t("return.submit"),
    body: [element("p", {}, t("return.intro")), field("return-text", `${t("return.text")} ${t("return.optional")}`, text)],
    send: async () => {
      await send(text.value.trim() ? { text: text.value.trim() } : {})
      texts.keep("return", "")
    },
  })
}
