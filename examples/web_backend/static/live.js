// Keeps the page as it would be, were it asked for now. The server tells over an EventSource that something changed; what
// it looks like is asked for where it always is, at the page's own address, and parts marked data-live are swapped.
// So all words are made in one place, and the page without scripts says the same.

const main = document.querySelector("main");
const link = document.querySelector("#link");
const say = document.querySelector("#say");

let asking = null;
let again = false;

// However often it is called meanwhile, the page is asked for once more only. Returns when it is up to date.
function refresh() {
  again = true;
  asking ??= looks().finally(() => (asking = null));
  return asking;
}

async function looks() {
  while (again) {
    again = false;
    await look();
  }
}

async function look() {
  try {
    const reply = await fetch(main.dataset.page, { headers: { accept: "text/html" } });
    if (reply.redirected) location.assign(reply.url); // logged out meanwhile
    else if (reply.ok) swap(new DOMParser().parseFromString(await reply.text(), "text/html"));
  } catch {
    // The connection is gone: once it is back, the EventSource says so.
  }
}

function swap(fresh) {
  const focused = document.activeElement?.id;
  for (const old of document.querySelectorAll("[data-live]")) {
    const now = fresh.getElementById(old.id);
    for (const opened of old.querySelectorAll("details[open][id]")) {
      now?.querySelector(`#${opened.id}`)?.setAttribute("open", "");
    }
    if (now && !now.isEqualNode(old)) old.replaceWith(document.adoptNode(now));
  }
  if (focused && document.activeElement?.id !== focused) {
    (document.getElementById(focused) ?? main).focus({ preventScroll: true });
  }
  const now = fresh.querySelector("main").dataset;
  announce(now.say);
  if (!now.events) leave();
  count();
}

// Readers hear of a change of state only, not of every place in a queue.
function announce(words) {
  if (words === main.dataset.say) return;
  main.dataset.say = say.textContent = words;
}

// --- the seconds until something happens ---------------------------------------------------------------------

const moments = new WeakMap();

function count() {
  const now = performance.now();
  for (const place of document.querySelectorAll("[data-countdown]")) {
    if (!moments.has(place)) moments.set(place, now + 1000 * place.dataset.countdown);
    place.textContent = words(Math.max(0, Math.round((moments.get(place) - now) / 1000)));
  }
  for (const bar of document.querySelectorAll("[data-countdown-bar]")) {
    if (!moments.has(bar)) moments.set(bar, now + 1000 * bar.dataset.countdownBar);
    bar.value = Math.max(0, (moments.get(bar) - now) / 1000);
  }
}

// As the server says it: see views.duration.
function words(seconds) {
  if (seconds < 1) return "a moment";
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}

// --- what the server tells -----------------------------------------------------------------------------------

function told(how, lost) {
  if (!link) return;
  link.hidden = false;
  link.textContent = how;
  link.classList.toggle("lost", lost);
}

let source;

function follow() {
  source = new EventSource(main.dataset.events);
  source.addEventListener("open", () => {
    told("Live", false);
    refresh();
  });
  source.addEventListener("error", () => told("Connection lost, trying again", true));
  for (const name of ["waiting", "job", "progress", "change"]) source.addEventListener(name, refresh);
  source.addEventListener("end", async () => {
    source.close();
    await refresh();
    if (main.dataset.events) setTimeout(follow, 2000); // its result is still on its way
  });
}

function leave() {
  source.close();
  delete main.dataset.events;
  told("Up to date", false);
}

follow();
count();
setInterval(count, 1000);
