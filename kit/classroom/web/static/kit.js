// Two small comforts; every page works without them.
(() => {
  // Say every moment in the reader's own time; the server says it in UTC.
  const said = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
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
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, serverResponse } = event.detail;
    if (shown.get(target) === serverResponse) event.detail.shouldSwap = false;
    else shown.set(target, serverResponse);
  });
})();
