// Keeps a page alive: when the server says that something changed, asks for this page again and
// patches the differences in. Everything works without this file too.

import { drawAll, redrawAll } from "./chart.js";
import { morph } from "./morph.js";

const PAUSE = 1000;

const live = document.getElementById("live");
let asked = false;
let busy = false;

function say(key) {
  live.hidden = false;
  live.classList.toggle("lost", key === "off");
  const text = live.dataset[key];
  const place = live.querySelector("span");
  if (place.textContent !== text) place.textContent = text;
}

async function refresh() {
  if (busy || document.hidden) {
    asked = true;
    return;
  }
  busy = true;
  asked = false;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.ok) patch(await answer.text());
  } catch {
    // The event stream reports a lost connection; nothing to do here.
  }
  setTimeout(() => {
    busy = false;
    if (asked) refresh();
  }, PAUSE);
}

function patch(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const fresh = page.getElementById(part.id);
    if (fresh && !selecting(part)) morph(part, fresh);
  }
  drawAll();
}

/** Somebody is marking text here: don't pull it away. */
function selecting(part) {
  const selection = document.getSelection();
  return selection && !selection.isCollapsed && part.contains(selection.anchorNode);
}

function listen() {
  const events = new EventSource("/events");
  events.addEventListener("open", () => say("on"));
  events.addEventListener("error", () => say("off"));
  events.addEventListener("overview", refresh);
  addEventListener("pagehide", () => events.close());
}

document.addEventListener("visibilitychange", () => asked && refresh());
addEventListener("pageshow", (event) => event.persisted && listen());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawAll);
document.querySelector("form.filter")?.addEventListener("change", (event) => {
  if (event.target instanceof HTMLSelectElement) event.currentTarget.requestSubmit();
});

/** A long table opens at the present. */
for (const row of document.querySelectorAll(".tall tr.now")) {
  const box = row.closest(".tall");
  box.scrollTop = row.offsetTop - box.clientHeight / 3;
}

drawAll();
listen();
