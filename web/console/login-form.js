import { element, fill } from "../shared/element.js"
import { otherLanguage, t } from "./words.js"

/** <login-form>: event "login" when the cookie is set, "language" when the other language is chosen. */
export class LoginForm extends HTMLElement {
  #notice = ""

  /** Why somebody has to log in again; announced when it is set. */
  set notice(text) {
    this.#notice = text
    if (this.isConnected) this.querySelector(".login-notice").textContent = text
  }

  connectedCallback() {
    if (this.firstChild) return
    const field = (name, type, autocomplete) =>
      element("p", { class: "field" },
        element("label", { for: `login-${name}` }, t(`login.${name}`)),
        element("input", { id: `login-${name}`, name, type, autocomplete, required: true, autocapitalize: "none", spellcheck: "false", "aria-describedby": "login-error" }))
    fill(this,
      element("main", { class: "login" },
        element("p", { class: "brand" }, t("app.name"), element("span", {}, t("app.sub"))),
        element("h1", { tabindex: "-1" }, t("login.heading")),
        element("p", { class: "hint" }, t("login.intro")),
        element("p", { class: "login-notice", role: "status" }),
        element("form", { novalidate: true, onsubmit: (event) => this.#submit(event) },
          field("name", "text", "username"),
          field("password", "password", "current-password"),
          element("p", { class: "check" },
            element("input", { id: "login-show", type: "checkbox", onchange: (event) => this.#show(event.target.checked) }),
            element("label", { for: "login-show" }, t("login.show"))),
          element("p", { id: "login-error", class: "error", role: "alert" }),
          element("button", { class: "primary", type: "submit" }, t("login.submit"))),
        element("button", { class: "quiet", type: "button", lang: otherLanguage(), onclick: () => this.dispatchEvent(new Event("language")) }, t("app.other_language"))))
    if (this.#notice) requestAnimationFrame(() => (this.notice = this.#notice))
  }

  focus() {
    this.#input("name").focus()
  }

  #input(name) {
    return this.querySelector(`#login-${name}`)
  }

  #show(on) {
    this.#input("password").type = on ? "text" : "password"
  }

  async #submit(event) {
    event.preventDefault()
    const [name, password] = [this.#input("name").value.trim(), this.#input("password").value]
    if (!name || !password) return this.#refuse("login.empty", name ? "password" : "name")
    const submit = this.querySelector("[type=submit]")
    if (submit.getAttribute("aria-disabled")) return
    this.#error("")
    submit.setAttribute("aria-disabled", "true")
    submit.textContent = t("login.busy")
    const status = await logIn(name, password)
    submit.removeAttribute("aria-disabled")
    submit.textContent = t("login.submit")
    if (status === 204) return this.dispatchEvent(new Event("login"))
    if (status === 401) return this.#refuse("login.wrong", "password")
    this.#refuse(status === 429 ? "login.too_many" : "login.failed", null)
  }

  #refuse(text, field) {
    this.#error(t(text))
    for (const name of ["name", "password"]) this.#input(name).toggleAttribute("aria-invalid", false)
    if (!field) return
    this.#input(field).setAttribute("aria-invalid", "true")
    this.#input(field).focus()
  }

  #error(text) {
    this.querySelector(".error").textContent = text
  }
}

/** The status of the answer; 0 when there was none. */
async function logIn(name, password) {
  try {
    const body = JSON.stringify({ name, password })
    return (await fetch("/console/login", { method: "POST", headers: { "Content-Type": "application/json" }, body })).status
  } catch {
    return 0
  }
}
