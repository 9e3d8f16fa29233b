// Starts the console: the log-in form or the desk, whichever the session asks for.
import { element, fill } from "../shared/element.js"
import { markTitle, wakeSound } from "./alerts.js"
import { CallbackList } from "./callback-list.js"
import { ContactsPanel } from "./contacts-panel.js"
import { ConversationList } from "./conversation-list.js"
import { ConversationView } from "./conversation-view.js"
import { DeskBar } from "./desk-bar.js"
import { LoginForm } from "./login-form.js"
import { PacketCard } from "./packet-card.js"
import { ReplyBox } from "./reply-box.js"
import { StaffDesk } from "./staff-desk.js"
import { remember, settings } from "./storage.js"
import { TurnLog } from "./turn-log.js"
import { otherLanguage, speak, t } from "./words.js"

const PARTS = {
  "login-form": LoginForm, "desk-bar": DeskBar, "conversation-list": ConversationList, "callback-list": CallbackList,
  "packet-card": PacketCard, "turn-log": TurnLog, "reply-box": ReplyBox, "contacts-panel": ContactsPanel,
  "conversation-view": ConversationView, "staff-desk": StaffDesk,
}

const page = document.querySelector("#console")
let leaving = false                              // the line that closes at a log-out is no session that was lost
let wasOpen = null                               // { staff, conversation } of a session that ended by itself

for (const [name, part] of Object.entries(PARTS)) customElements.define(name, part)
for (const type of ["pointerdown", "keydown"]) addEventListener(type, () => settings.sound && wakeSound(), { passive: true })
speak(settings.language)
markTitle(0)
start()

async function start() {
  const me = await whoAmI()
  if (!me) return showLogin()
  if (!settings.language) speak(me.language)
  markTitle(0)
  showDesk(me)
}

/** The account behind the cookie, or null. */
async function whoAmI() {
  try {
    const answer = await fetch("/console/me", { cache: "no-store" })
    return answer.ok ? await answer.json() : null
  } catch {
    return null
  }
}

function showLogin(notice = "") {
  const form = element("login-form", { onlogin: start, onlanguage: () => changeLanguage(() => showLogin(notice)) })
  form.notice = notice
  fill(page, form)
  form.focus()
}

function showDesk(me) {
  const desk = element("staff-desk", {
    onended: ({ open }) => {
      if (leaving) return
      wasOpen = { staff: me.staff, conversation: open }
      showLogin(t("line.ended"))
    },
    onlogout: () => logOut(desk),
    onlanguage: () => changeLanguage(() => desk.rebuild()),
  })
  desk.me = me
  desk.reopen = wasOpen?.staff === me.staff ? wasOpen.conversation : null
  wasOpen = null
  fill(page, desk)
  page.querySelector("h1").focus()
}

async function logOut(desk) {
  leaving = true
  const done = await fetch("/console/logout", { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" }).then((answer) => answer.ok, () => false)
  leaving = false
  if (!done) return desk.notice(t("error.logout"))
  desk.forget()
  showLogin(t("line.logged_out"))
}

function changeLanguage(again) {
  remember("language", otherLanguage())
  speak(settings.language)
  markTitle(0)
  again()
}
