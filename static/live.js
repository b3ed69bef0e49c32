// Live parts: polled and morphed, so that focus, selection, open panels, typed words and playing sound stay as they are.
"use strict";

(() => {
  const isLive = (element) => element instanceof Element && element.matches("[data-live][hx-get]");
  const isTyped = (element) => {
    if (element.matches("[type='checkbox'], [type='radio']")) return element.checked !== element.defaultChecked;
    if (element.matches("select")) return [...element.options].some((one) => one.selected !== one.defaultSelected);
    return element.value !== element.defaultValue;
  };
  const isPlaying = (element) => element.matches("audio") && !element.paused;
  // What a person or this script set on an element, and no answer of the server knows.
  const ours = { DETAILS: ["open"], FORM: ["data-sent"], BUTTON: ["aria-busy"], TIME: ["class"] };

  Object.assign(Idiomorph.defaults.callbacks, {
    beforeNodeMorphed: (old, next) => {
      if (!(old instanceof Element)) return true;
      // Kept as it stands: forms beside the news have their own requests.
      if (old.matches("[data-keep]") && old.id === next.id) return false;
      const isField = old.matches("input:not([type='hidden']), textarea, select");
      if (isField && (old === document.activeElement || isTyped(old))) return false;
      if (isPlaying(old)) return false;
      if (old.matches("time[data-age]") && next.matches("time[data-age]")) {
        // Its words are ours: they tick on from the new moment.
        for (const name of ["datetime", "title", "data-old-after"]) {
          const value = next.getAttribute(name);
          if (value !== null && value !== old.getAttribute(name)) old.setAttribute(name, value);
        }
        return false;
      }
      return true;
    },
    beforeAttributeUpdated: (name, element) => name !== "tabindex" && !ours[element.tagName]?.includes(name),
    beforeNodeRemoved: (node) => !(node instanceof Element && (isPlaying(node) || node.querySelector("audio")
      && [...node.querySelectorAll("audio")].some(isPlaying))),
  });

  // Every 30 s is enough while nobody looks.
  let lastHidden = 0;
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!document.hidden || !isLive(event.target)) return;
    if (Date.now() - lastHidden < 30000) event.preventDefault();
    else lastHidden = Date.now();
  });

  // Focus: where the control itself is gone, what held it has the focus, and never another control: the next press of a
  // key must not do something else than the last one would have.
  let held = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target } = event.detail;
    const active = document.activeElement;
    held = null;
    if (!target?.matches("[data-live]") || !target.contains(active) || active === target) return;
    const around = [];
    for (let one = active.parentElement; one && one !== target.parentElement; one = one.parentElement) {
      if (one.id) around.push(one.id);
    }
    held = { part: target.id, around };
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    // After a press in place, what came of it is read next.
    if (event.detail.requestConfig?.verb === "post") {
      document.getElementById("messages")?.focus({ preventScroll: true });
      return;
    }
    if (!held || (document.activeElement && document.activeElement !== document.body)) return;
    const place = held.around.map((id) => document.getElementById(id)).find(Boolean);
    if (!place) return;
    place.tabIndex = -1;
    place.focus({ preventScroll: true });
  });

  // A press that failed on its way is made again by the page, whose answer says why.
  for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
    document.addEventListener(name, (event) => event.target.matches?.("form[data-brake]") && event.target.submit());
  }

  // What changed is said in one sentence: in the title at once, aloud when the state changed or every 15 s at most.
  const title = document.title;
  let spoken = null;
  let saidAt = 0;
  const say = (part) => {
    const words = part?.dataset.says;
    if (words === undefined) return;
    // Where nothing goes on there is nothing to say.
    document.title = words ? `${words} · ${title}` : title;
    const news = { state: part.dataset.state || "", words };
    const isFirst = spoken === null;
    const isNew = !isFirst && (news.state !== spoken.state || (news.words !== spoken.words && Date.now() - saidAt > 15000));
    if (isFirst) spoken = news;
    if (!isNew) return;
    spoken = news;
    if (!words) return;
    saidAt = Date.now();
    document.getElementById("said").textContent = news.words;
  };
  const first = document.querySelector("[data-live][data-says]");
  say(first);
  document.addEventListener("htmx:afterSwap", (event) => {
    // The part itself, or what held it where it was replaced.
    const part = document.querySelector("[data-says]");
    if (event.detail.target === part || event.target === part) say(part);
  });

  // A part that stopped updating says so, and since when; the first answer takes that away.
  const note = document.getElementById("not-updating");
  let reached = new Date();
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    if (!isLive(event.target) || event.detail.xhr.status >= 400) return;
    reached = new Date();
    document.querySelector("main [data-not-updating]")?.remove();
  });
  const missed = (event) => {
    if (!isLive(event.target) || !note || document.querySelector("main [data-not-updating]")) return;
    if (document.querySelector("main [data-signed-out]")) return;
    const shown = note.content.cloneNode(true);
    const clock = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "medium" });
    shown.querySelector("[data-since]").textContent = clock.format(reached);
    document.getElementById("page").prepend(shown);
  };
  for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) document.addEventListener(name, missed);
})();
