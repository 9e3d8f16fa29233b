import { element } from "../shared/element.js"
import { hour } from "../shared/time.js"
import { ask } from "./dialog.js"
import { spoken, t } from "./words.js"

/** What a caller needs to go on in the chat: a code to say, a link to send. `given`: the service's `code` frame. */
export function codeDialog({ code, link, expires_at: until }) {
  return ask({
    heading: t("code.heading"),
    body: [
      element("p", {}, t("code.say")),
      element("p", {}, element("strong", {}, code.replace(/(..)(?=.)/g, "$1 "))),
      element("p", {}, t("code.send")),
      element("p", {}, element("code", {}, link)),
      element("p", { class: "hint" }, t("code.until", { time: hour(until, spoken()) })),
    ],
  })
}
