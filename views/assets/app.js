// Comfort only: every page works without it.
(() => {
  "use strict";
  const root = document.querySelector(".account-resource");
  if (!root) return;
  const language = root.lang || document.documentElement.lang || undefined;

  // Times, as the reader writes them and in his own time zone.
  const moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });
  for (const time of root.querySelectorAll("time[datetime]")) {
    const when = new Date(time.dateTime);
    if (!Number.isNaN(when.valueOf())) {
      time.title = time.textContent;
      time.textContent = moment.format(when);
    }
  }

  // Tables that do not fit are scrolled with the keyboard, too.
  const reach = new ResizeObserver((boxes) => {
    for (const { target: box } of boxes) {
      if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  });
  for (const box of root.querySelectorAll(".ar-scroll:not([tabindex])")) reach.observe(box);

  const first = root.querySelector(".ar-alert[tabindex]") || root.querySelector("[data-focus]");
  if (first) first.focus({ preventScroll: first.getBoundingClientRect().top < innerHeight / 2 });

  // Domains, as they are typed.
  const domain = root.querySelector("input[data-domains]");
  if (domain) {
    let pending;
    domain.addEventListener("input", () => {
      clearTimeout(pending);
      pending = setTimeout(async () => {
        try {
          const answer = await fetch(domain.dataset.domains + "?q=" + encodeURIComponent(domain.value));
          if (!answer.ok) return;
          const { domains } = await answer.json();
          domain.list.replaceChildren(...domains.map((name) => Object.assign(document.createElement("option"), { value: name })));
        } catch { /* the list stays as it is */ }
      }, 200);
    });
  }

  // What becomes of accounts that left, while the choices are made. A choice that has no effect beside another one is
  // greyed out; it is sent all the same, so that it is there when the other one goes.
  const effect = root.querySelector(".ar-effect");
  if (effect) {
    const form = document.getElementById("ar-form");
    const number = new Intl.NumberFormat(language);
    const field = (name) => form.elements.namedItem(name);
    const whole = (name) => (/^\d{1,6}$/.test(field(name).value.trim()) ? Number(field(name).value) : undefined);
    const write = (name, value) => {
      if (value === undefined) return;
      for (const place of effect.querySelectorAll(`[data-value=${name}] bdi`)) place.textContent = number.format(value);
    };
    const moot = (name, without) => {
      field(name).disabled = without;
      field(name).closest(".ar-field").classList.toggle("ar-moot", without);
    };
    const choose = () => {
      const deletes = field("delete").checked;
      const now = deletes ? "delete" : field("disable_removed").checked ? "disable" : "leave";
      for (const line of effect.querySelectorAll("[data-choice]")) {
        if (line.dataset.choice === now) line.setAttribute("aria-current", "true");
        else line.removeAttribute("aria-current");
      }
      moot("disable_removed", deletes);
      moot("keep_days", !deletes);
      moot("delete_app_data", !deletes);
      const percent = whole("max_removal_percent");
      write("Max", whole("max_removals"));
      write("Percent", percent);
      if (percent !== undefined) write("Limit", Math.max(Math.floor((Number(effect.dataset.linked) * percent) / 100), 4));
    };
    form.addEventListener("input", choose);
    form.addEventListener("submit", () => {
      for (const name of ["disable_removed", "keep_days", "delete_app_data"]) field(name).disabled = false;
    });
    window.addEventListener("pageshow", choose);
    choose();
  }
})();
