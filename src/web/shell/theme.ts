export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

const key = "materi.theme";

/** What this browser was told to look like; it follows the system unless told. */
export function currentTheme(): Theme {
  const stored = localStorage.getItem(key);
  return themes.find((theme) => theme === stored) ?? "system";
}

export function applyTheme(theme: Theme = currentTheme()): void {
  localStorage.setItem(key, theme);
  document.documentElement.dataset.theme = theme;
}
