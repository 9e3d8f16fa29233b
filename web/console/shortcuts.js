/**
 * Alt and a letter, by the letter's place on the keyboard. Never a letter alone (WCAG 2.1.4), never while a dialog is open,
 * and off altogether when the setting says so. AltGr and Control+Alt make characters and are left alone.
 */
import { settings } from "./storage.js"

export const SHORTCUTS = {
  KeyW: "waiting", KeyM: "mine", KeyB: "callbacks", KeyJ: "next", KeyK: "previous", KeyO: "claim", KeyA: "reply", KeyN: "note",
  KeyG: "log", KeyP: "packet", KeyZ: "transfer", KeyT: "return", KeyR: "wrapup", KeyH: "help",
}

/** null for what has no shortcut. */
export function keyOf(name) {
  const code = Object.keys(SHORTCUTS).find((one) => SHORTCUTS[one] === name)
  return code ? `Alt+${code.slice(3)}` : null
}

/** Calls `actions[name]()` for a shortcut; returns the function that stops listening. */
export function listenForShortcuts(actions) {
  const onKey = (event) => {
    const name = SHORTCUTS[event.code]
    const altOnly = event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.getModifierState("AltGraph")
    if (!settings.keys || !name || !altOnly || document.querySelector("dialog[open]")) return
    event.preventDefault()
    actions[name]?.()
  }
  document.addEventListener("keydown", onKey)
  return () => document.removeEventListener("keydown", onKey)
}
