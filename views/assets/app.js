// Comfort only: every page works without it.
(() => {
  "use strict";
  for (const time of document.querySelectorAll(".account-resource time[datetime]")) {
    const when = new Date(time.dateTime);
    if (!Number.isNaN(when.valueOf())) {
      time.title = time.dateTime;
      time.textContent = when.toLocaleString(document.documentElement.lang || undefined);
    }
  }
  const summary = document.querySelector(".account-resource .ar-alert[tabindex]");
  if (summary) summary.focus();

  const domain = document.querySelector(".account-resource input[data-domains]");
  if (domain) {
    let pending;
    domain.addEventListener("input", () => {
      clearTimeout(pending);
      pending = setTimeout(async () => {
        const answer = await fetch(domain.dataset.domains + "?q=" + encodeURIComponent(domain.value));
        if (!answer.ok) return;
        const { domains } = await answer.json();
        domain.list.replaceChildren(...domains.map((name) => Object.assign(document.createElement("option"), { value: name })));
      }, 200);
    });
  }

  for (const form of document.querySelectorAll(".account-resource form")) {
    form.addEventListener("submit", (event) => {
      const button = event.submitter;
      if (button && button.dataset.busy) {
        button.textContent = button.dataset.busy;
        button.setAttribute("aria-busy", "true");
      }
    });
  }

  const going = document.querySelector(".account-resource [data-status]");
  if (going) {
    const look = async () => {
      try {
        const answer = await fetch(going.dataset.status);
        if (answer.ok && !(await answer.json()).running) return location.reload();
      } catch { /* the panel may be restarting */ }
      setTimeout(look, 1000);
    };
    setTimeout(look, 1000);
  }
})();
