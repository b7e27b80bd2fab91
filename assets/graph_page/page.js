// The page's own part: shows which edges hold at a frame, and lists them. `nodes`, `edges` and `network` are pyvis's;
// FACTS comes from Python: frames, frame_labels (what to print of each), looks by group. Text is set as text, never as HTML.

const range = /** @type {HTMLInputElement | null} */ (document.getElementById("frame"));
const whole = /** @type {HTMLInputElement} */ (document.getElementById("whole")); // there whenever the slider is
const says = /** @type {HTMLElement} */ (document.getElementById("says"));
const list = /** @type {HTMLElement} */ (document.getElementById("triplets"));
const count = /** @type {HTMLElement} */ (document.getElementById("count"));
const everyNode = nodes.get();
const everyEdge = edges.get();

function within(spells, frame) {
  return !spells || spells.some(([first, last]) => first <= frame && frame <= last);
}

function listed(edge) {
  const item = document.createElement("li");
  const letter = document.createElement("b");
  letter.textContent = FACTS.letters[edge.group_name] + " ";
  letter.style.setProperty("--colour", edge.color.color);
  item.append(letter, edge.sentence);
  return item;
}

// Everything when no frame is chosen, else what holds at the chosen frame. Labels of edges would lie on one another
// when everything is shown, so then they are in the list and under the pointer only.
function show() {
  const frame = !range || whole.checked ? null : FACTS.frames[Number(range.value)];
  const holds = (thing) => frame === null || within(thing.frame_spells, frame);
  const crowded = frame === null && range;
  nodes.update(everyNode.map((node) => ({ id: node.id, hidden: !holds(node) })));
  edges.update(everyEdge.map((edge) => ({ id: edge.id, hidden: !holds(edge), label: crowded ? " " : edge.words })));
  const now = everyEdge.filter(holds);
  list.replaceChildren(...now.map(listed));
  count.textContent = now.length === 1 ? "1 relationship" : `${now.length} relationships`;
  if (range) {
    range.disabled = whole.checked;
    says.textContent = frame === null ? FACTS.all : FACTS.frame_labels[Number(range.value)];
    range.setAttribute("aria-valuetext", says.textContent);
  }
}

if (range) {
  range.addEventListener("input", show);
  whole.addEventListener("change", show);
}
show();

// The oval stands upright where the page is narrow, and everything is in view whatever the page's size.
function fitIntoPage() {
  const room = /** @type {HTMLElement} */ (document.getElementById("mynetwork"));
  const narrow = room.clientWidth < 1.2 * room.clientHeight;
  const scale = narrow ? { x: 0.5, y: 1.25 } : { x: 1, y: 1 };
  nodes.update(everyNode.map((node) => ({ id: node.id, x: node.x * scale.x, y: node.y * scale.y })));
  network.fit({ animation: false, maxZoomLevel: 1.5 });
}
network.on("resize", () => requestAnimationFrame(fitIntoPage));
fitIntoPage();
