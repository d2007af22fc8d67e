// gettext, ngettext, pgettext, npgettext: as in Python, values by their names.
"use strict";
((messages) => {
  const key = (context, text) => (context ? `${context}\u0004${text}` : text);
  const own = (table, name) => (Object.hasOwn(table, name) ? table[name] : undefined);
  const put = (values) => (whole, name) => (name === undefined ? "%" : Object.hasOwn(values, name) ? String(values[name]) : whole);
  const filled = (text, values) => (Object.keys(values).length ? text.replace(/%(?:\((\w+)\)s|%)/g, put(values)) : text);
  const form = (context, one, many, number) => {
    const [rule, ...forms] = own(messages.forms, key(context, one)) || [];
    const whole = Math.floor(Math.abs(number));
    const known = rule === undefined ? undefined : forms[messages.rules[rule][whole < 200 ? whole : 100 + (whole % 100)]];
    return known ?? (number === 1 ? one : many);
  };
  const text = (context, message) => own(messages.texts, key(context, message)) || message;
  Object.assign(window, {
    gettext: (message, values = {}) => filled(text("", message), values),
    pgettext: (context, message, values = {}) => filled(text(context, message), values),
    ngettext: (one, many, number, values = {}) => filled(form("", one, many, number), { num: number, ...values }),
    npgettext: (context, one, many, number, values = {}) => filled(form(context, one, many, number), { num: number, ...values }),
  });
})(MESSAGES);
