// gettext, ngettext, pgettext, npgettext: as in Python, values by their names.
"use strict";
((messages) => {
  const key = (context, text) => (context ? `${context}\u0004${text}` : text);
  const filled = (text, values) => text.replace(/%\((\w+)\)s/g, (whole, name) => (name in values ? String(values[name]) : whole));
  const form = (context, one, many, number) => {
    const [rule, ...forms] = messages.forms[key(context, one)] || [];
    const whole = Math.floor(Math.abs(number));
    return rule === undefined ? (number === 1 ? one : many) : forms[messages.rules[rule][whole < 200 ? whole : 100 + (whole % 100)]];
  };
  const text = (context, message) => messages.texts[key(context, message)] || message;
  Object.assign(window, {
    gettext: (message, values = {}) => filled(text("", message), values),
    pgettext: (context, message, values = {}) => filled(text(context, message), values),
    ngettext: (one, many, number, values = {}) => filled(form("", one, many, number), { num: number, ...values }),
    npgettext: (context, one, many, number, values = {}) => filled(form(context, one, many, number), { num: number, ...values }),
  });
})(MESSAGES);
