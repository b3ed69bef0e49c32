/* Notices in the browser: where a user asked for it on their notice settings, an open tab shows new ones.
   It asks the server once a minute; no push service is involved, and nothing is shown but the kind of a notice. */
(() => {
  "use strict";
  const link = document.querySelector("[data-notices]");
  if (!link || !("Notification" in window) || !window.isSecureContext) return;
  const KEY = "notices-shown";
  const EVERY = 60000;
  const isWanted = () => {
    try {
      return localStorage.getItem(KEY) === link.dataset.user && Notification.permission === "granted";
    } catch {
      return false;
    }
  };

  let newest = null;
  const ask = async () => {
    if (!isWanted()) return;
    try {
      const query = newest === null ? "" : `?after=${newest}`;
      const answer = await fetch(`${link.dataset.notices}${query}`, { credentials: "same-origin", redirect: "error" });
      if (!answer.ok) return;
      const found = await answer.json();
      for (const words of found.said) {
        const shown = new Notification("Callcenter", { body: words, tag: `notice-${found.newest}-${words}` });
        shown.addEventListener("click", () => {
          window.focus();
          window.location.assign(link.href);
        });
      }
      newest = found.newest;
      for (const badge of document.querySelectorAll("[data-unread]")) {
        badge.textContent = found.unread;
        badge.hidden = !found.unread;
      }
    } catch {
      /* Without a connection the next minute asks again. */
    }
  };
  ask();
  setInterval(ask, EVERY);

  const card = document.getElementById("browser-notices");
  if (!card) return;
  const state = card.querySelector("[data-state]");
  const on = card.querySelector("[data-ask]");
  const off = card.querySelector("[data-end]");
  const offWords = state.textContent;
  const show = () => {
    card.hidden = false;
    const wanted = isWanted();
    on.hidden = wanted;
    off.hidden = !wanted;
    if (wanted) state.textContent = card.dataset.granted;
    else state.textContent = Notification.permission === "denied" ? card.dataset.denied : offWords;
  };
  on.addEventListener("click", async () => {
    const answer = await Notification.requestPermission();
    if (answer === "granted") localStorage.setItem(KEY, link.dataset.user);
    show();
    ask();
  });
  off.addEventListener("click", () => {
    localStorage.removeItem(KEY);
    show();
  });
  show();
})();
