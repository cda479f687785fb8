// Reloads the page if its script or style sheet cannot be loaded. That happens while a new version is being deployed: the
// page may come from an instance with one version, and the request for its files may reach an instance with another. This
// file has the same name in every version.
(() => {
  const key = "signalbox.recovery";
  const maxReloads = 5;
  const periodMs = 60_000;

  addEventListener(
    "error",
    ({ target }) => {
      const isFile = target instanceof HTMLScriptElement || target?.rel === "stylesheet";
      const app = document.getElementById("app");
      // Once the page is there it handles its own failures.
      if (isFile && !app?.hasChildNodes()) recover();
    },
    true,
  );

  let isRecovering = false;

  function recover() {
    if (isRecovering) return;
    isRecovering = true;
    const reloads = countReload();
    if (reloads <= maxReloads) setTimeout(() => location.reload(), 250 * 2 ** reloads * (0.5 + Math.random()));
    else if (document.readyState === "complete") explain();
    else addEventListener("load", explain);
  }

  /** The number of reloads within the period, this one included. */
  function countReload() {
    try {
      const [count = 0, since = 0] = (sessionStorage.getItem(key) ?? "").split(" ").map(Number);
      const isRecent = Date.now() - since < periodMs;
      sessionStorage.setItem(key, isRecent ? `${count + 1} ${since}` : `1 ${Date.now()}`);
      return isRecent ? count + 1 : 1;
    } catch {
      // Without storage a loop could not be noticed.
      return Number.POSITIVE_INFINITY;
    }
  }

  function explain() {
    const text = document.createElement("p");
    text.setAttribute("role", "alert");
    text.textContent =
      "The dashboard could not be loaded. If a new version is being deployed, reload the page in a minute.";
    document.getElementById("app")?.append(text);
  }
})();
