// Patches what differs from `fresh` into `old`, so that focus, scroll position and opened details stay.

const KEEP = "data-keep";

/** @param {Element} old @param {Element} fresh */
export function morph(old, fresh) {
  attributes(old, fresh);
  if (old.hasAttribute(KEEP)) return;
  const before = [...old.childNodes];
  const after = [...fresh.childNodes];
  after.forEach((node, index) => {
    const place = before[index];
    if (!place) old.append(node);
    else if (!alike(place, node)) place.replaceWith(node);
    else if (place instanceof Element && node instanceof Element) morph(place, node);
    else if (place.nodeValue !== node.nodeValue) place.nodeValue = node.nodeValue;
  });
  before.slice(after.length).forEach((node) => node.remove());
}

/** @param {Node} left @param {Node} right */
function alike(left, right) {
  return left.nodeType === right.nodeType && left.nodeName === right.nodeName;
}

/** @param {Element} old @param {Element} fresh */
function attributes(old, fresh) {
  const stays = (name) => name === "open" && old.nodeName === "DETAILS";
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !stays(name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value && !stays(name)) old.setAttribute(name, value);
  }
}
