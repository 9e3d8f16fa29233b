import { element } from "../shared/element.js"
import { errorText, t } from "./words.js"

/**
 * Shows a modal <dialog> and resolves when it is gone: true if it was submitted, false if it was left.
 *
 *   heading, body           what it shows
 *   submit                  the text of the button that submits; without it there is only "close"
 *   check()                 → [{ field, text }] of what is wrong, or nothing
 *   send()                  → Promise; when it rejects with an error frame, its message is shown and the dialog stays
 *
 * The browser gives the focus back to what had it before. Escape leaves.
 */
export function ask({ heading, body, submit, check = () => [], send = async () => {}, wide = false }) {
  const error = element("p", { class: "error", role: "alert", id: "dialog-error" })
  const buttons = submit
    ? [element("button", { class: "primary", type: "submit" }, submit), element("button", { class: "quiet", type: "button", value: "cancel", onclick: () => dialog.close() }, t("dialog.cancel"))]
    : [element("button", { type: "button", onclick: () => dialog.close() }, t("dialog.close"))]
  const form = element("form", { method: "dialog", novalidate: true }, element("h2", { id: "dialog-heading" }, heading), body, error, element("p", { class: "buttons" }, buttons))
  const dialog = element("dialog", { "aria-labelledby": "dialog-heading", class: wide && "wide" }, form)
  let sent = false
  form.addEventListener("submit", async (event) => {
    event.preventDefault()
    const wrong = check()
    markWrong(form, wrong)
    error.textContent = wrong.map(({ text }) => text).join(" ")
    if (wrong.length || form.dataset.busy) return
    form.dataset.busy = "true"
    try {
      await send()
      sent = true
      dialog.close()
    } catch (refused) {
      error.textContent = errorText(refused)
    }
    delete form.dataset.busy
  })
  document.body.append(dialog)
  dialog.showModal()
  return new Promise((resolve) => dialog.addEventListener("close", () => {
    dialog.remove()
    resolve(sent)
  }))
}

export const closeDialogs = () => document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close())

/** A label above its field, and a hint that belongs to it. */
export function field(name, text, control, hint) {
  control.id = name
  if (hint) control.setAttribute("aria-describedby", `${name}-hint`)
  return element("p", { class: "field" }, element("label", { for: name }, text), hint && element("span", { class: "hint", id: `${name}-hint` }, hint), control)
}

/** Radio buttons: `options` = [[value, text]]. */
export function choices(name, legend, options, chosen, onchange = () => {}) {
  return element("fieldset", { class: "choices" }, element("legend", {}, legend),
    options.map(([value, text]) => element("p", { class: "check" },
      element("input", { type: "radio", name, id: `${name}-${value}`, value, checked: value === chosen, onchange: () => onchange(value) }),
      element("label", { for: `${name}-${value}` }, text))))
}

export function checkbox(name, text, checked, onchange) {
  return element("p", { class: "check" },
    element("input", { type: "checkbox", id: name, checked, onchange: (event) => onchange(event.target.checked) }),
    element("label", { for: name }, text))
}

function markWrong(form, wrong) {
  for (const marked of form.querySelectorAll("[aria-invalid]")) {
    marked.removeAttribute("aria-invalid")
    if (marked.dataset.described !== undefined) marked.setAttribute("aria-describedby", marked.dataset.described)
  }
  for (const { field: control } of wrong) {
    control.dataset.described ??= control.getAttribute("aria-describedby") ?? ""
    control.setAttribute("aria-invalid", "true")
    control.setAttribute("aria-describedby", `${control.dataset.described} dialog-error`.trim())
  }
  wrong[0]?.field.focus()
}
