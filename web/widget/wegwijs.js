/**
 * The chat's launcher: all that a page loads before a resident opens the chat. One file on purpose, so that one
 * integrity value covers it and one request is all that a visitor who never chats makes. Nothing is stored or sent.
 *
 *   <script type="module" src="https://HOST/web/v1/widget/wegwijs.js"
 *     data-language="nl" data-phone="14 0123" data-contact-url="https://…" data-mount="#id" data-theme-class="utrecht-theme"
 *     data-identity-url="/mijn/chat-token">
 *
 * Colours come in pairs of background and text. A pair is taken whole from the first level of the chain that has both
 * and enough contrast, so half of a pair never puts white text on our white. As var() it follows the theme;
 * it is chosen again when a class of an ancestor or the scheme changes.
 */
const BASE = new URL("../../../", import.meta.url)

const TEXTS = {
  nl: {
    label: "Stel uw vraag",
    one: "1 nieuw bericht",
    other: (count) => `${count} nieuwe berichten`,
    broken: "De chat werkt nu niet. Probeer het later nog eens.",
    call: (phone) => `Bel ${phone}`,
    contact: "Ga naar de contactpagina",
  },
  en: {
    label: "Ask your question",
    one: "1 new message",
    other: (count) => `${count} new messages`,
    broken: "The chat does not work right now. Please try again later.",
    call: (phone) => `Call ${phone}`,
    contact: "Go to the contact page",
  },
}

const PAIRS = {
  surface: [
    ["--gemeente-chat-background-color", "--gemeente-chat-color"],
    ["--nl-document-background-color", "--nl-document-color"],
    ["--utrecht-document-background-color", "--utrecht-document-color"],
    ["--basis-color-default-bg-document", "--basis-color-default-color-document"],
    ["#fff", "#16222e"],
  ],
  primary: [
    ["--gemeente-chat-primary-background-color", "--gemeente-chat-primary-color"],
    ["--nl-button-primary-background-color", "--nl-button-primary-color"],
    ["--utrecht-button-primary-action-background-color", "--utrecht-button-primary-action-color"],
    ["--utrecht-button-background-color", "--utrecht-button-color"],
    ["--basis-color-action-1-inverse-bg-default", "--basis-color-action-1-inverse-color-default"],
    ["#154273", "#fff"],
  ],
  field: [
    ["--gemeente-chat-field-background-color", "--gemeente-chat-field-color"],
    ["--nl-text-input-background-color", "--nl-text-input-color"],
    ["--utrecht-textbox-background-color", "--utrecht-textbox-color"],
    ["--basis-form-control-background-color", "--basis-form-control-color"],
    ["--_surface", "--_surface-text"],
  ],
}
const SINGLES = {                             // on the surface; the surface's own text colour is what remains
  link: [4.5, "--gemeente-chat-link-color", "--nl-link-color", "--utrecht-link-color", "--basis-color-action-1-color-default"],
  border: [3, "--gemeente-chat-border-color", "--nl-text-input-border-color", "--utrecht-textbox-border-color",
    "--utrecht-form-control-border-color", "--basis-form-control-border-color", "--basis-color-default-border-default"],
  error: [3, "--gemeente-chat-error-color", "--utrecht-form-field-error-message-color"],
}
const OURS = { link: "#154273", border: "#5f7081", error: "#b3261e" }

const SHEET = `
:host { all: initial; position: fixed; inset: auto 1em 1em auto; z-index: 2147483000; display: block;
  font: max(16px, 1rem)/1.5 var(--gemeente-chat-font-family, var(--nl-paragraph-font-family, var(--utrecht-document-font-family,
    var(--basis-text-font-family-default, system-ui, "Segoe UI", "Liberation Sans", sans-serif)))); color: var(--_surface-text) }
:host([hidden]) { display: none }
* { box-sizing: border-box }
.launcher { display: flex; align-items: center; gap: .625em; min-block-size: 3.25em; max-inline-size: calc(100vw - 2em);
  margin: 0 0 0 auto; padding: .5em 1.25em .5em 1em; border: .125em solid var(--_primary-text); border-radius: 2em; font: inherit;
  font-weight: 600; text-align: start; color: var(--_primary-text); background: var(--_primary); cursor: pointer;
  box-shadow: 0 .125em .5em #0005 }
.launcher:hover { text-decoration: underline; text-underline-offset: .2em }
.launcher svg { inline-size: 1.5em; block-size: 1.5em; flex: none; fill: none; stroke: currentColor; stroke-width: 2;
  stroke-linecap: round; stroke-linejoin: round }
.unread:not(:empty) { padding: 0 .5em; border-radius: 1em; color: var(--_primary); background: var(--_primary-text) }
:focus-visible { outline: .1875em solid #fff; outline-offset: 0; box-shadow: 0 0 0 .375em #0b0b0b }
.broken:not(:empty) { inline-size: min(22em, calc(100vw - 2em)); margin-block-end: .75em; padding: 1em; border: 1px solid var(--_border);
  border-radius: .5em; color: var(--_surface-text); background: var(--_surface) }
.broken p { margin: 0 }
.broken a { display: block; padding-block: .625em; color: var(--_link) }
.hidden { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
@media (forced-colors: active) { :focus-visible { outline: .1875em solid Highlight; outline-offset: .125em } }
@media print { :host { display: none } }
`

/** <wegwijs-chat>: the button, and around it the theme. The panel is fetched when it is opened. */
class WegwijsChat extends HTMLElement {
  options = {}
  #theme = new CSSStyleSheet()
  #watch = new MutationObserver(() => this.#choose())
  #probe = make("i", { hidden: "" })
  #button = make("button", { type: "button", class: "launcher", "aria-expanded": "false" }, speech())
  #label = this.#button.appendChild(make("span"))
  #unread = this.#button.appendChild(make("span", { class: "unread" }))
  #news = make("div", { class: "hidden", role: "status" })
  #broken = make("div", { class: "broken", role: "alert" })
  #panel
  #loading = null
  #tries = 0

  connectedCallback() {
    if (this.shadowRoot) return
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(SHEET)
    this.attachShadow({ mode: "open" }).append(this.#probe, this.#broken, this.#button, this.#news)
    this.shadowRoot.adoptedStyleSheets = [sheet, this.#theme]
    this.#button.addEventListener("click", () => (this.expanded ? this.minimise() : this.open()))
    this.#speak(this.options.language)
    this.#followTheme()
    if (/^#gesprek=\d{8}$/.test(location.hash)) this.open()                // a link from a call: whoever follows it wants the chat
    else if (personInvolved()) this.#load().catch(() => {})
  }

  get expanded() {
    return this.#button.ariaExpanded === "true"
  }

  async open() {
    this.#choose()
    this.#broken.replaceChildren()
    try {
      const panel = await this.#load()
      this.#expand(true)
      panel.show()
    } catch (error) {
      console.error("Wegwijs:", error)
      this.#apologise()
    }
  }

  minimise({ focus = true } = {}) {
    this.#expand(false)
    this.#panel?.hide()
    if (focus) this.#button.focus()
  }

  #expand(open) {
    this.#button.ariaExpanded = String(open)
    this.toggleAttribute("data-open", open)
  }

  /** Once: a click may come while it loads by itself. */
  #load() {
    this.#loading ??= this.#fetch()
    this.#loading.catch(() => (this.#loading = null))
    return this.#loading
  }

  /** A failed import is remembered under its address, so a new try needs a new address. */
  async #fetch() {
    const again = this.#tries++ ? `?try=${this.#tries}` : ""
    const { createPanel } = await import(`./panel.js${again}`)
    const { panel, sheet } = await createPanel({ base: BASE, ...this.options })
    panel.addEventListener("minimise", (event) => this.minimise(event.detail ?? {}))
    panel.addEventListener("unread", (event) => this.#count(event.detail))
    panel.addEventListener("language", (event) => this.#speak(event.detail))
    this.shadowRoot.adoptedStyleSheets.push(sheet)
    this.shadowRoot.append(panel)
    panel.id = "panel"
    this.#button.setAttribute("aria-controls", "panel")
    return (this.#panel = panel)
  }

  #speak(language) {
    this.options.language = this.lang = language
    this.#label.textContent = TEXTS[language].label
  }

  #count(unread) {
    const { one, other } = TEXTS[this.options.language]
    const text = unread === 1 ? one : other(unread)
    this.#unread.textContent = this.#news.textContent = unread ? text : ""
  }

  #apologise() {
    const { broken, call, contact } = TEXTS[this.options.language]
    const { phone, contactUrl } = this.options
    const url = contactUrl && new URL(contactUrl, document.baseURI)
    this.#broken.replaceChildren(make("p", {}, broken))
    if (phone) this.#broken.append(make("a", { href: `tel:${phone.replace(/\s/g, "")}` }, call(phone)))
    if (url && /^https?:$/.test(url.protocol)) this.#broken.append(make("a", { href: url }, contact))
  }

  #followTheme() {
    for (let node = this; node; node = node.parentElement) this.#watch.observe(node, { attributes: true, attributeFilter: ["class", "data-theme"] })
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#choose())
    addEventListener("load", () => this.#choose())
    this.#choose()
  }

  #choose() {
    const rules = []
    const set = (name, value) => {
      rules.push(`${name}: ${value}`)
      this.#theme.replaceSync(`:host { ${rules.join("; ")} }`)
    }
    let surface
    for (const [name, levels] of Object.entries(PAIRS)) {
      const level = levels.find(([back, front]) => contrast(this.#rgb(back), this.#rgb(front)) >= 4.5) ?? levels.at(-1)
      set(`--_${name}`, css(level[0]))
      set(`--_${name}-text`, css(level[1]))
      if (name === "surface") surface = level
    }
    const back = this.#rgb(surface[0])
    for (const [name, [least, ...levels]] of Object.entries(SINGLES)) {
      const level = [...levels, OURS[name]].find((color) => contrast(back, this.#rgb(color)) >= least)
      set(`--_${name}`, css(level ?? surface[1]))
    }
    set("color-scheme", luminance(back) < 0.18 ? "dark" : "light")
  }

  /** Red, green and blue of a property or colour; null if it is not there, not a colour, or lets light through. */
  #rgb(color) {
    const value = color.startsWith("--") ? getComputedStyle(this).getPropertyValue(color).trim() : color
    if (!value || !CSS.supports("color", value)) return null
    this.#probe.style.color = value
    canvas.clearRect(0, 0, 1, 1)
    canvas.fillStyle = getComputedStyle(this.#probe).color
    canvas.fillRect(0, 0, 1, 1)
    const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data
    return alpha === 255 ? [red, green, blue] : null
  }
}

const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true })
const css = (color) => (color.startsWith("--") ? `var(${color})` : color)

function contrast(one, other) {
  if (!one || !other) return 0
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (light + 0.05) / (dark + 0.05)
}

function luminance(rgb) {
  const [red, green, blue] = rgb.map((part) => (part <= 10 ? part / 3294 : ((part / 255 + 0.055) / 1.055) ** 2.4))
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** After a reload the chat stays closed, but somebody who waits or talks with staff must not lose the line. */
function personInvolved() {
  try {
    return ["waiting", "staff"].includes(JSON.parse(sessionStorage.getItem(`wegwijs ${BASE}`))?.state)
  } catch {
    return false
  }
}

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value)
  node.append(...children)
  return node
}

function speech() {
  const space = "http://www.w3.org/2000/svg"
  const icon = document.createElementNS(space, "svg")
  icon.setAttribute("viewBox", "0 0 24 24")
  icon.setAttribute("aria-hidden", "true")
  icon.append(document.createElementNS(space, "path"))
  icon.firstChild.setAttribute("d", "M4 4h16a1 1 0 0 1 1 1v11a1 1 0 0 1-1 1h-8l-5 4v-4H4a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1zM7.5 9h9M7.5 12.5h6")
  return icon
}

/** Puts the chat on the page; a page without our script tag may import this and call it. */
export function mount({ language, phone, contactUrl, mount: place, themeClass, identityUrl } = {}) {
  const wish = [language, document.documentElement.lang].find((tag) => /^(nl|en)/i.test(tag ?? "")) ?? "nl"
  const chat = Object.assign(document.createElement("wegwijs-chat"), {
    options: { language: wish.slice(0, 2).toLowerCase(), phone, contactUrl, identityUrl },
  })
  const parent = (place && document.querySelector(place)) || (themeClass && document.querySelector(`.${CSS.escape(themeClass)}:not(html)`)) || document.body
  if (themeClass && !parent.closest(`.${CSS.escape(themeClass)}`)) chat.classList.add(themeClass)
  parent.append(chat)
  return chat
}

const tag = [...document.querySelectorAll("script[type=module][src]")].find((script) => script.src === import.meta.url)
if (!customElements.get("wegwijs-chat")) {
  customElements.define("wegwijs-chat", WegwijsChat)
  if (tag) mount(tag.dataset)
}
