// The language of the page: the one that was chosen here, else the first of the browser's that is
// offered. The English text is the key of its translation.

const CHOICE = "cropshield-language"; // in this browser's storage

// As languages/offered.py has them; a test compares the two.
export const LANGUAGES = { en: "English", es: "Español", pt: "Português", fr: "Français", hi: "हिन्दी", sw: "Kiswahili" };

export const textsOf = (code) => `/playground/languages/${code}.json`;

const wanted = [localStorage.getItem(CHOICE), ...navigator.languages].map((tag) => tag?.toLowerCase().split("-")[0]);
export const language = wanted.find((code) => Object.hasOwn(LANGUAGES, code)) ?? "en";
const texts = language === "en" ? {} : await loadTexts();

async function loadTexts() {
  try {
    const response = await fetch(textsOf(language));
    if (!response.ok) throw new Error(`status ${response.status}`);
    return await response.json();
  } catch (error) {
    console.warn("the page stays in English:", error);
    return {};
  }
}

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
const formOf = new Intl.PluralRules(language);
const wholePercent = new Intl.NumberFormat(language, { style: "percent" });

// The translation, with {name} replaced by a value.
export const t = (english, values = {}) => fill(texts[english]?.[0] ?? english, values);

// The form for so many, {count} in it.
export function plural(one, many, count, values = {}) {
  const [first, second] = texts[one] ?? [one, many];
  return fill(formOf.select(count) === "one" ? first : second, { count: number(count), ...values });
}

export const number = (value) => value.toLocaleString(language);
export const percentText = (share) => wholePercent.format(Math.round(share * 100) / 100);

// "5 seconds". unit: as Intl names it.
export const quantity = (value, unit) =>
  new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(value);

const ATTRIBUTES = ["aria-label", "placeholder", "alt", "title", "content"];

// Translates what index.html says, but for elements with translate="no".
export function translatePage() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("body *, meta[name=description]")) {
    if (element.translate === false || element.closest("script")) continue;
    for (const name of ATTRIBUTES.filter((one) => element.hasAttribute(one))) {
      element.setAttribute(name, t(element.getAttribute(name)));
    }
    for (const node of element.childNodes) if (node.nodeType === Node.TEXT_NODE) translateText(node);
  }
}

// The spaces around a text stay.
function translateText(node) {
  const english = node.data.trim().replace(/\s+/g, " ");
  if (english) node.data = node.data.replace(node.data.trim(), () => t(english));
}

// A choice that is kept; the page is loaded anew.
export function initLanguage(select) {
  const option = ([value, textContent]) => Object.assign(document.createElement("option"), { value, textContent, lang: value });
  select.replaceChildren(...Object.entries(LANGUAGES).map(option));
  select.value = language;
  select.onchange = () => {
    localStorage.setItem(CHOICE, select.value);
    location.reload();
  };
}
