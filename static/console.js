// What the pages need beyond HTML and htmx: the viewer's time zone, ages that tick, one press per form, closing menus.
"use strict";

(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !document.cookie.split("; ").includes(`timezone=${zone}`)) {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `timezone=${zone}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  }

  // Ages: <time data-age datetime="..."> says how old it is, and turns into a warning after data-old-after seconds.
  const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "always", style: "short" });
  const steps = [[60, 1, "second"], [3600, 60, "minute"], [86400, 3600, "hour"], [Infinity, 86400, "day"]];
  // The page says what time the server had, so that a wrong clock here does not make everything look old.
  const told = document.querySelector("meta[name='server-time']");
  const arrived = performance.timeOrigin + (performance.getEntriesByType("navigation")[0]?.responseStart || 0);
  const skew = told ? (arrived - Date.parse(told.content)) / 1000 : 0;
  const tick = () => {
    for (const element of document.querySelectorAll("time[data-age]")) {
      const seconds = Math.max(0, (Date.now() - Date.parse(element.dateTime)) / 1000 - skew);
      const [, size, unit] = steps.find(([limit]) => seconds < limit);
      const text = words.format(-Math.floor(seconds / size), unit);
      // The text node stays: a selection that begins or ends in it lives on.
      if (element.firstChild?.nodeType === Node.TEXT_NODE) {
        if (element.firstChild.data !== text) element.firstChild.data = text;
      } else element.textContent = text;
      element.classList.toggle("is-old", seconds > Number(element.dataset.oldAfter || Infinity));
    }
  };
  tick();
  setInterval(tick, 1000);
  document.addEventListener("htmx:afterSwap", tick);

  // One press per form: a second submit is swallowed; the button comes back with the back button or a failed request.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.hasAttribute("data-download")) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    const button = event.submitter;
    setTimeout(() => {
      if (event.defaultPrevented && !form.hasAttribute("hx-post")) delete form.dataset.sent;
      else if (button) button.setAttribute("aria-busy", "true");
    });
  });
  const release = (root) => {
    for (const form of root.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
    for (const button of root.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
  };
  addEventListener("pageshow", (event) => event.persisted && release(document));
  document.addEventListener("htmx:afterRequest", (event) => release(event.target.parentNode || document));

  // Parts that come after the page: it is said aloud when they stand, and in sight where they failed.
  document.addEventListener("htmx:afterRequest", (event) => {
    // The part itself may be gone by now: the event then stands at what held it.
    const { requestConfig: { elt }, successful } = event.detail;
    const said = document.getElementById("said");
    if (!elt.dataset.arrived || !said) return;
    said.textContent = successful ? elt.dataset.arrived : elt.dataset.failed;
    if (!successful) elt.querySelector(".later-ask").prepend(`${elt.dataset.failed} `);
  });

  // A log-in page must not land inside a card.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    if (xhr.responseURL && new URL(xhr.responseURL).pathname === document.body.dataset.login) {
      event.preventDefault();
      if (typedHere()) saySignedOut();
      else location.reload();
    } else sayNothing();
  });

  // Signed out while something is typed: the page stays as it is, and says how to go on. Otherwise the log-in opens.
  const typedHere = () => [...document.querySelectorAll("form[method='post' i]:not([role='search'])")].some((form) =>
    [...form.elements].some((one) => {
      if (one.type === "checkbox" || one.type === "radio") return one.checked !== one.defaultChecked;
      if (one.type === "hidden" || one.type === "submit") return false;
      if (one.tagName === "SELECT") {
        const usual = [...one.options].findIndex((option) => option.defaultSelected);
        return one.selectedIndex !== Math.max(usual, 0);
      }
      return "defaultValue" in one && one.value !== one.defaultValue;
    }));
  let askedAgain = 0;
  const saySignedOut = () => {
    if (document.querySelector("main [data-signed-out]")) return;
    const note = document.getElementById("signed-out").content.cloneNode(true);
    document.getElementById("page").prepend(note);
  };
  const sayNothing = () => document.querySelector("main [data-signed-out]")?.remove();
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!document.querySelector("main [data-signed-out]") || !event.target.matches("[data-live]")) return;
    if (Date.now() - askedAgain < 10000) event.preventDefault();
    else askedAgain = Date.now();
  });

  // A time in the transcript: the player jumps there; without one that plays, the link opens the sound itself.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-seek]");
    const sound = link && document.querySelector(".talk-player audio");
    if (!sound) return;
    event.preventDefault();
    sound.currentTime = Number(link.dataset.seek);
    sound.play();
  });

  // The search over everything is a window over the page; where there are no scripts, its door leads to a page.
  const NO_SINGLE_KEYS = "no-single-keys";
  // A browser that keeps nothing keeps no choice either: single keys work then.
  const kept = (() => { try { return localStorage; } catch { return { getItem() {}, setItem() {}, removeItem() {} }; } })();
  const searching = document.getElementById("search-window");
  const show = (opened) => {
    if (!opened || document.querySelector("dialog[open]")) return;
    opened.showModal();
    opened.querySelector("input[type='search']")?.select();
  };
  document.addEventListener("click", (event) => {
    if (searching && event.target.closest("[data-search]") && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      show(searching);
    }
    event.target.closest("[data-close]")?.closest("dialog").close();
    // A press on what lies behind a window falls on the window itself, as one on its own edge does.
    if (!event.target.matches("dialog")) return;
    const { left, right, top, bottom } = event.target.getBoundingClientRect();
    const { clientX: x, clientY: y } = event;
    if (x < left || x > right || y < top || y > bottom) event.target.close();
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.code === "KeyK") {
      event.preventDefault();
      show(searching);
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && searching?.open) {
      const stops = [document.getElementById("search-text"), ...searching.querySelectorAll("#search-found a")];
      event.preventDefault();
      stops[stops.indexOf(document.activeElement) + step]?.focus();
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || kept.getItem(NO_SINGLE_KEYS)) return;
    if (event.target.closest("input, textarea, select, dialog")) return;
    if (event.key === "/") {
      event.preventDefault();
      show(searching);
    } else if (event.key === "?" || event.key === "؟") show(document.getElementById("shortcuts"));
  });
  const single = document.querySelector("[data-single-keys]");
  if (single) {
    single.checked = !kept.getItem(NO_SINGLE_KEYS);
    single.addEventListener("change", () => {
      if (single.checked) kept.removeItem(NO_SINGLE_KEYS);
      else kept.setItem(NO_SINGLE_KEYS, "yes");
    });
  }

  // Menus close by a press elsewhere or by Escape, and only one is open.
  const close = (except) => {
    for (const menu of document.querySelectorAll("details[data-pop][open]")) if (menu !== except) menu.open = false;
  };
  document.addEventListener("click", (event) => close(event.target.closest("details[data-pop]")));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.activeElement.closest("details[data-pop][open]");
    close();
    if (menu) menu.querySelector("summary").focus();
  });
})();
