import { element, fill } from "../shared/element.js"
import { otherLanguage, t } from "./words.js"

/** <desk-bar>: who I am and whether I am available. Events: "presence" (with `status`), "settings", "help", "language", "logout". */
export class DeskBar extends HTMLElement {
  connectedCallback() {
    const button = (name, lang) => element("button", { class: "bar-button", type: "button", lang, onclick: () => this.#send(name) }, t(name === "language" ? "app.other_language" : `app.${name}`))
    fill(this,
      element("header", {},
        element("h1", { class: "brand", tabindex: "-1" }, t("app.name"), " ", element("span", {}, t("app.sub"))),
        element("fieldset", { class: "presence" },
          element("legend", { class: "hidden" }, t("presence.legend")),
          this.#choice("available"), this.#choice("away")),
        element("div", { class: "bar-tools" },
          element("span", { class: "bar-me" }),
          button("settings"), button("help"), button("language", otherLanguage()), button("logout"))))
  }

  set me(me) {
    this.querySelector(".bar-me").textContent = me?.name ?? ""
  }

  set status(status) {
    this.querySelector(`#presence-${status}`).checked = true
  }

  focusOn(name) {
    const at = { settings: 0, help: 1, language: 2, logout: 3 }[name]
    this.querySelectorAll(".bar-button")[at].focus()
  }

  #choice(status) {
    return element("span", {},
      element("input", { type: "radio", name: "presence", id: `presence-${status}`, value: status, onchange: () => this.#send("presence", { status }) }),
      element("label", { for: `presence-${status}` }, element("span", { class: `dot ${status}`, "aria-hidden": "true" }), t(`presence.${status}`)))
  }

  #send(type, detail = {}) {
    this.dispatchEvent(Object.assign(new Event(type), detail))
  }
}
