// Before the first paint, so that a dark page does not flash up light. A classic script: modules wait for the document.
try {
  const chosen = localStorage.getItem('astrolabe-console-theme');
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset['theme'] = chosen;
} catch {
  // A browser that keeps nothing has no choice to remember.
}
