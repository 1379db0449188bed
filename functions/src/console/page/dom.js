// Builds elements. Data becomes text, never markup.
import { say } from './text.js';

/**
 * An element with attributes, listeners (`onclick`), texts (`say` for what it shows, `say-aria-label` for an attribute: a key, or a
 * key with values) and children.
 */
export function h(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value == null) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (name.startsWith('say')) sayAll(node, value, name.slice(4));
    else if (typeof value === 'boolean') node.toggleAttribute(name, value);
    else node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child != null));
  return node;
}

function sayAll(node, value, attribute) {
  const [key, values] = [value].flat();
  say(node, key, values, attribute);
}

let fields = 0;

/** An input with its label; what else there is to say of it stands below. */
export function field(key, input, hint) {
  input.id = `field-${(fields += 1)}`;
  const below = hint && h('small', { id: `${input.id}-hint`, say: hint });
  if (below) input.setAttribute('aria-describedby', below.id);
  return h('div', { class: 'field' }, h('label', { for: input.id, say: key }), input, below);
}

/** A choice between values, each with its text. */
export function choice(options, properties = {}) {
  return h(
    'select',
    properties,
    options.map(([value, text]) => h('option', { value, say: text })),
  );
}

/** Where something says how it went: read out at once when it went wrong. */
export function notice() {
  const node = h('div', { class: 'notice', role: 'status', hidden: true });
  const show = (kind, ...content) => {
    node.className = `notice ${kind}`;
    node.setAttribute('role', kind === 'bad' ? 'alert' : 'status');
    node.replaceChildren(...content);
    node.hidden = false;
  };
  return {
    node,
    clear() {
      node.hidden = true;
      node.replaceChildren();
    },
    good: (key, values) => show('good', h('p', { say: [key, values] })),
    /** An error of the API in its own words. */
    bad(error) {
      const { message, details, code, requestId } = error;
      const told = error.key ? h('p', { say: error.key }) : h('p', {}, message);
      const origin = code && h('p', { class: 'origin' }, h('code', {}, code), requestId && h('code', {}, requestId));
      show('bad', ...[told, details && h('p', {}, details), origin].filter(Boolean));
    },
  };
}

/** A form that does one thing, says how it went, and does not do it twice at once. */
export function form(properties, children, submit) {
  const told = notice();
  const node = h('form', properties, children, told.node);
  node.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (node.ariaBusy === 'true') return;
    told.clear();
    await busy(node, told, () => submit(told));
  });
  return node;
}

/** Does something for an element, which is busy meanwhile, and says what went wrong. */
export async function busy(node, told, work) {
  node.ariaBusy = 'true';
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DOMException && error.name === 'AbortError')) told.bad(error);
    return undefined;
  } finally {
    node.ariaBusy = null;
  }
}

/** Copies what an input shows. */
export async function copy(input) {
  input.select();
  try {
    await navigator.clipboard.writeText(input.value);
  } catch {
    // No clipboard without a secure context.
    document.execCommand('copy');
  }
}
