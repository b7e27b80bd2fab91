// The tree of tables: a name is typed into the editor at its cursor, as if by hand.

const shown = new WeakMap();

const element = (tag, part, text, more = {}) => {
  const made = document.createElement(tag);
  if (part) made.dataset.part = part;
  if (text) made.textContent = text;
  for (const [name, value] of Object.entries(more)) made.setAttribute(name, value);
  return made;
};

// A word of SQL or an odd name needs quotes.
const quoted = name => (/^[a-z_][a-z0-9_]*$/.test(name) && name !== "group" ? name : `"${name.replaceAll('"', '""')}"`);

/**
 * @param {string} editorKey the key of the text area in Python
 * @param {string} name
 */
function type(editorKey, name) {
  const editor = /** @type {HTMLTextAreaElement | null} */ (document.querySelector(`.st-key-${editorKey} textarea`));
  if (!editor) return;
  editor.focus();
  const before = editor.value.slice(0, editor.selectionStart);
  const word = /\b(select|from|join|where|by|and|or|on|as|not|in|distinct)$/i.test(before);
  const glue = /[\w"]$/.test(before) ? (word ? " " : ", ") : before.endsWith(",") ? " " : "";
  // The only way that leaves the browser's undo whole.
  document.execCommand("insertText", false, glue + quoted(name));
}

function nameButton(name, meaning, act) {
  const button = element("button", "name", name, { type: "button", title: meaning || `Type ${name} into the query` });
  button.setAttribute("aria-label", `Type ${name} into the query`);
  button.addEventListener("mousedown", event => event.preventDefault()); // the editor keeps its cursor
  button.addEventListener("click", act);
  return button;
}

function tableOf({ name, meaning, columns }, act) {
  const table = element("details", "table");
  const summary = element("summary", "", "", { title: meaning });
  summary.append(element("span", "title", name), element("span", "count", String(columns.length)));
  const buttons = element("div", "buttons");
  buttons.append(nameButton(name, "", () => act.type(name)));
  const rows = element("button", "rows", "Show rows", { type: "button", "aria-label": `Show rows of ${name}` });
  rows.addEventListener("click", () => act.rows(name));
  buttons.append(rows);
  const list = element("ul");
  for (const [column, kind, text] of columns) {
    const item = element("li");
    item.append(nameButton(column, text, () => act.type(column)), element("span", "kind", kind));
    if (text) item.append(element("p", "meaning", text));
    list.append(item);
  }
  table.append(summary);
  if (meaning) table.append(element("p", "meaning", meaning));
  table.append(buttons, list);
  return table;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const tree = parentElement.querySelector("[data-part=tree]");
  const text = JSON.stringify(data);
  if (shown.get(tree) === text) return;
  shown.set(tree, text);
  const act = { type: name => type(data.editor, name), rows: name => setTriggerValue("rows", name) };
  tree.replaceChildren(...data.tables.map(table => tableOf(table, act)));
}
