// Keys go to the console without a click first: its terminal is there once the page has loaded.
window.addEventListener("load", () => {
  const keys = document.querySelector(".xterm-helper-textarea");
  if (keys) keys.focus();
});
