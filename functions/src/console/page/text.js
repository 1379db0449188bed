// What the pages say, in the visitor's language. Elements remember what they say, so that the language can change under them.

const LANGUAGES = { en: 'English', id: 'Indonesia' };
const KEPT = 'warta.language';

const texts = Object.fromEntries(
  await Promise.all(Object.keys(LANGUAGES).map(async (name) => [name, await (await fetch(`/console/${name}.json`)).json()])),
);
const said = new WeakMap();
let language = kept() ?? asked() ?? wanted() ?? 'en';
document.documentElement.lang = language;

/** A text by its key, with values in its gaps; moments are written as people there write them. */
export function text(key, values = {}) {
  const found = texts[language][key];
  if (found === undefined) throw new Error(`no text ${key} in ${language}`);
  return found.replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name];
    return value instanceof Date ? moment(value) : String(value ?? '');
  });
}

/** Has an element, or an attribute of it, say something from now on. */
export function say(node, key, values, attribute = '') {
  const all = said.get(node) ?? new Map();
  all.set(attribute, [key, values]);
  said.set(node, all);
  node.dataset.said = '';
  write(node, attribute, key, values);
}

/** The control that changes the language. */
export function languages() {
  const select = document.createElement('select');
  select.className = 'language';
  for (const [name, title] of Object.entries(LANGUAGES)) {
    const option = new Option(title, name, name === language, name === language);
    option.lang = name;
    select.append(option);
  }
  say(select, 'language', {}, 'aria-label');
  select.addEventListener('change', () => {
    language = select.value;
    localStorage.setItem(KEPT, language);
    document.documentElement.lang = language;
    for (const node of document.querySelectorAll('[data-said]')) {
      for (const [attribute, [key, values]] of said.get(node)) write(node, attribute, key, values);
    }
  });
  return select;
}

/** A moment as it is read: the time alone if it is today's. */
function moment(date) {
  const today = date.toDateString() === new Date().toDateString();
  return new Intl.DateTimeFormat(language, { dateStyle: today ? undefined : 'medium', timeStyle: today ? 'medium' : 'short' }).format(date);
}

function write(node, attribute, key, values) {
  if (attribute) node.setAttribute(attribute, text(key, values));
  else node.textContent = text(key, values);
}

function known(name) {
  return name in LANGUAGES ? name : undefined;
}

function kept() {
  return known(localStorage.getItem(KEPT));
}

function asked() {
  return known(new URLSearchParams(location.search).get('language'));
}

function wanted() {
  // Java's old name of Indonesian is still about.
  const names = navigator.languages.map((name) => name.split('-')[0].toLowerCase());
  return names.map((name) => known(name === 'in' ? 'id' : name)).find(Boolean);
}
