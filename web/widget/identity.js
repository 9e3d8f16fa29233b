/**
 * Who is logged in on the site that the chat stands on, as that site's own server says: `siteIdentity(address)` gives a
 * function whose promise is a fresh signed token, or null if nobody is logged in. Asked anew for each connection, because
 * a token counts once. Only an address of the page's own origin is asked: nobody else knows who is logged in here.
 */
const NOBODY = [204, 401, 403, 404]
const PATIENCE = 5000

export function siteIdentity(address) {
  const url = address ? new URL(address, document.baseURI) : null
  if (url?.origin !== location.origin) return () => null
  return async () => {
    const answer = await fetch(url, { credentials: "same-origin", cache: "no-store", redirect: "error", signal: AbortSignal.timeout(PATIENCE) })
    if (NOBODY.includes(answer.status)) return null
    if (!answer.ok) throw new Error(`${url.pathname}: ${answer.status}`)
    return (await answer.json()).identity ?? null
  }
}
