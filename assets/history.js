// One act of a visitor makes at most one entry in the browser's history, so that Back returns to the page as it was.
// Streamlit pushes one entry for each change of the address. Leaving a page makes two of them: first it takes the page's own
// parameters away, then it names the next page; Back would find the page without its parameters. The second replaces the first.
(() => {
  const page = /** @type {any} */ (window);
  if (page.agHistory) return;
  page.agHistory = true;
  let acts = 0;
  let entered = 0; // the acts when the newest entry was made
  for (const type of ["pointerdown", "keydown"]) window.addEventListener(type, () => (acts += 1), true);
  window.addEventListener("popstate", () => (entered = acts), true);
  const { history } = window;
  const push = history.pushState.bind(history);
  history.pushState = (state, title, url) => {
    if (acts === entered) {
      history.replaceState(state, title, url);
      return;
    }
    entered = acts;
    push(state, title, url);
  };
})();
