// Small comforts; every page works without them.
(() => {
  // Say every moment in the reader's own time, as it is written where they live; the server says it in UTC.
  const spoken = document.documentElement.lang;
  const own = navigator.languages.find((each) => each.split("-")[0] === spoken.split("-")[0]);
  const said = new Intl.DateTimeFormat(own ?? spoken, { dateStyle: "medium", timeStyle: "short" });
  const localise = (root) => {
    for (const time of root.querySelectorAll("time[datetime]")) {
      time.title = time.textContent;
      time.textContent = said.format(new Date(time.dateTime));
      time.removeAttribute("datetime");
    }
  };
  localise(document);
  document.addEventListener("htmx:load", (event) => localise(event.target));

  // Leave alone what has not changed: whoever reads or scrolls in it is not disturbed.
  const shown = new WeakMap();
  const unfolded = new WeakMap();
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, serverResponse } = event.detail;
    if (shown.get(target) === serverResponse) event.detail.shouldSwap = false;
    else shown.set(target, serverResponse);
    unfolded.set(target, [...target.querySelectorAll("details[id][open]")].map((each) => each.id));
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    localise(event.detail.target);
    for (const id of unfolded.get(event.detail.target) ?? []) document.getElementById(id)?.setAttribute("open", "");
  });

  // A double click sends a form once.
  const sent = new WeakMap();
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "post") return;
    if (event.timeStamp - (sent.get(event.target) ?? -Infinity) < 2000) event.preventDefault();
    else sent.set(event.target, event.timeStamp);
  });

  // In a long list that scrolls, begin where one is.
  for (const here of document.querySelectorAll(".own [aria-current]")) {
    const list = here.closest(".scroll");
    list.scrollTop = here.offsetTop - (list.clientHeight - here.offsetHeight) / 2;
  }
})();
