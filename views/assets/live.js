// Comfort only: progress without reloading, filters at once, busy buttons. Every page works without it.
(() => {
  "use strict";
  const root = document.querySelector(".account-resource");
  if (!root) return;
  const language = document.documentElement.lang || undefined;

  const localTimes = (within) => {
    for (const time of within.querySelectorAll("time[datetime]")) {
      const when = new Date(time.dateTime);
      if (!Number.isNaN(when.valueOf())) {
        time.title = time.dateTime;
        time.textContent = when.toLocaleString(language);
      }
    }
  };

  // The page as the server draws it now: what may have changed is put in place of what stands there, unless somebody is
  // at work in it.
  const page = root.dataset.page || location.href;
  let refreshing = false;
  const refresh = async (force) => {
    if (refreshing) return;
    refreshing = true;
    try {
      const answer = await fetch(page, { headers: { Accept: "text/html" } });
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const old of root.querySelectorAll("[data-fresh]")) {
        const next = fresh.getElementById(old.id);
        const busy = old.contains(document.activeElement) || old.querySelector("details[open]");
        if (!next || (busy && !force)) continue;
        const say = old.querySelector("[data-say]");
        const focused = old.contains(document.activeElement);
        const placed = document.importNode(next, true);
        localTimes(placed);
        old.replaceWith(placed);
        if (focused) placed.querySelector("a[href], button:not([disabled])")?.focus({ preventScroll: true });
        const unsaid = placed.querySelector("[data-say]");
        if (say && unsaid) unsaid.replaceWith(say); // a live region speaks only while it stays
      }
    } catch { /* the panel may be restarting */ } finally {
      refreshing = false;
    }
  };

  // Runs that go on.
  const known = new Map(); // what was last heard of a resource
  const say = (id, text) => {
    const place = root.querySelector(`[data-say="${id}"]`);
    if (place && place.textContent !== text) place.textContent = text;
  };
  let filled = 0;
  const show = (state) => {
    const id = state.resource;
    const live = root.querySelector(`[data-live="${id}"]`);
    if (!live) return;
    const before = known.get(id) || { running: !live.hidden, run: Number(live.dataset.run) || null, phase: "" };
    known.set(id, state);
    live.hidden = !state.running;
    for (const button of (live.closest(".ar-card") || root).querySelectorAll("[data-idle]")) {
      if (state.running) button.disabled = true;
    }
    if (state.running) {
      for (const [name, text] of Object.entries({ ...state.text, server: state.server })) {
        const place = live.querySelector(`[data-text="${name}"]`);
        if (place && place.textContent !== text) place.textContent = text;
      }
      const bar = live.querySelector("progress");
      if (state.percent === null) bar.removeAttribute("value");
      else bar.value = state.percent;
      live.querySelector("[data-cancel]").disabled = state.cancelled;
      if (state.phase !== before.phase) say(id, state.phase);
      follow(state);
      return;
    }
    if (before.running || before.run !== state.run || (before.outcome !== undefined && before.outcome !== state.outcome)) {
      say(id, state.text.end);
      refresh(true);
    }
  };

  // The first rows of a run appear while it goes on; later ones are on later pages.
  const follow = (state) => {
    const shown = document.getElementById("ar-run");
    const now = Date.now();
    if (root.querySelector("#ar-log-body") && now - filled > 3000 && !location.search.includes("older=")) {
      const all = Object.values(state.counts).reduce((a, b) => a + b, 0);
      const latest = !new URLSearchParams(location.search).has("run") || (shown && Number(shown.dataset.shown) === state.run);
      if (latest && (!shown || Number(shown.dataset.shown) !== state.run || Number(shown.dataset.rows) < Math.min(all, 50))) {
        filled = now;
        refresh(false);
      }
    }
  };

  // Without a stream the status is asked for: less often, with less to tell.
  let asking, streaming = false;
  const ask = async () => {
    for (const live of root.querySelectorAll("[data-live]")) {
      try {
        const answer = await fetch(live.dataset.statusAt);
        if (!answer.ok) continue;
        const { running, run } = await answer.json();
        const id = Number(live.dataset.live);
        const before = known.get(id) || { running: !live.hidden, run: Number(live.dataset.run) || null };
        known.set(id, { running, run: run ? run.id : null });
        if (before.running !== running || before.run !== (run ? run.id : null)) refresh(true);
      } catch { /* the panel may be restarting */ }
    }
    asking = streaming ? undefined : setTimeout(ask, 5000);
  };

  if (root.dataset.progress) {
    let stream;
    const open = () => {
      if (stream || document.hidden) return;
      stream = new EventSource(root.dataset.progress);
      stream.onopen = () => { streaming = true; clearTimeout(asking); asking = undefined; };
      stream.onmessage = (event) => show(JSON.parse(event.data));
      stream.onerror = () => {
        if (stream.readyState === EventSource.CLOSED && asking === undefined) {
          stream = undefined;
          streaming = false;
          asking = setTimeout(ask, 2000);
        }
      };
    };
    // Browsers allow few connections to one server: a page that nobody sees does not hold one.
    const close = () => { if (stream) { stream.close(); stream = undefined; } };
    const begin = () => {
      window.stop(); // the reloading that is meant for browsers without script
      open();
    };
    document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
    addEventListener("pagehide", close);
    addEventListener("pageshow", (event) => { if (event.persisted) open(); });
    if (document.readyState === "complete") begin();
    else addEventListener("load", () => setTimeout(begin));
  }

  // What takes long shows that it works, and is not sent twice.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const button = event.submitter;
    if (!root.contains(form)) return;
    if (form.dataset.sent) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (!button || !button.dataset.busy) return;
    form.dataset.sent = "true";
    const label = button.textContent;
    setTimeout(() => { // a button that is off is not sent
      button.textContent = button.dataset.busy;
      button.setAttribute("aria-busy", "true");
      for (const other of form.elements) if (other.type === "submit") other.disabled = true;
    });
    const restore = (back) => {
      if (!back.persisted) return;
      removeEventListener("pageshow", restore);
      delete form.dataset.sent;
      button.textContent = label;
      button.removeAttribute("aria-busy");
      for (const other of form.elements) if (other.type === "submit") other.disabled = false;
    };
    addEventListener("pageshow", restore);
  }, true);

  // The shown part of a preview is filtered at once; the button asks for all of it.
  const filter = root.querySelector("[data-preview]");
  const rows = root.querySelector("[data-rows]");
  if (filter && rows) {
    const action = filter.querySelector("select");
    const query = filter.querySelector("input");
    const hint = root.querySelector("[data-shown-text]");
    const none = root.querySelector("[data-none]");
    const all = hint.textContent;
    const narrow = () => {
      const part = query.value.trim().toLowerCase();
      let n = 0;
      for (const row of rows.tBodies[0].rows) {
        const match = (!action.value || row.dataset.action === action.value) && row.textContent.toLowerCase().includes(part);
        row.classList.toggle("ar-gone", !match);
        if (match) n++;
      }
      none.hidden = n > 0;
      hint.textContent = n === rows.tBodies[0].rows.length ? all : hint.dataset.shownText.replace("{n}", n.toLocaleString(language));
    };
    action.addEventListener("change", narrow);
    query.addEventListener("input", narrow);
    query.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
    // The first button of the settings' form is now that of the filter: Enter in a setting still saves.
    const form = document.getElementById("ar-form");
    form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target.tagName === "INPUT" && event.target.type !== "checkbox") {
        event.preventDefault();
        form.requestSubmit(form.querySelector("button.ar-primary"));
      }
    });
  }

  // Changes that wait: mark all or none of a kind, and how many are marked. The buttons need one.
  const held = root.querySelector("form[data-held]");
  if (held) {
    const kinds = [...held.querySelectorAll("[data-all]")].map((all) => ({
      all, total: Number(all.dataset.all), boxes: [...all.closest("tbody").querySelectorAll("input[name=source]")],
    }));
    const marked = held.querySelector("[data-marked]");
    const count = () => {
      for (const kind of kinds) {
        const n = kind.boxes.filter((box) => box.checked).length;
        if (n < kind.boxes.length) kind.all.checked = false;
        else if (kind.boxes.length === kind.total) kind.all.checked = true; // what is on other pages is marked by hand only
        kind.all.indeterminate = n > 0 && !kind.all.checked;
        kind.n = kind.all.checked ? kind.total : n;
      }
      const n = kinds.reduce((sum, kind) => sum + kind.n, held.querySelectorAll(".ar-decided input[name=source]:checked").length);
      if (marked) marked.textContent = n ? marked.dataset.marked.replace("{n}", n.toLocaleString(language)) : "";
      for (const button of held.querySelectorAll("[data-needs]")) button.disabled = n === 0;
    };
    for (const kind of kinds) {
      kind.all.addEventListener("change", () => {
        for (const box of kind.boxes) box.checked = kind.all.checked;
      });
    }
    held.addEventListener("change", count);
    count();
  }
})();
