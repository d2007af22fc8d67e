// Sets the chosen colour scheme before the first paint; docs.js owns the button that changes it.
try {
  const theme = localStorage.getItem("gambrel-docs-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // storage may be forbidden: the system's scheme holds
}
