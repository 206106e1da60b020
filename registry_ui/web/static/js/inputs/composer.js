// The composer of a chat: add and remove turns; the model's answer becomes the next turn, with room for a reply.
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-add-turn]")) add(event.target.closest("[data-composer]")).focus();
  const remover = event.target.closest("[data-remove-turn]");
  if (remover) remove(remover.closest(".composer-turn"));
});

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-attach]")) return;
  const names = [...event.target.files].map((file) => file.name);
  event.target.parentElement.querySelector("[data-attached]").textContent = names.join(", ") || "Attach";
});

// Take the answer of a result into the composer, unless its last turn has been written to meanwhile.
export function goOn(result) {
  const chat = result.querySelector("[data-chat-reply]");
  const composer = document.querySelector("[data-composer]");
  if (!chat || !composer) return;
  const message = JSON.parse(chat.dataset.chatReply);
  const turns = composer.querySelectorAll(".composer-turn");
  const last = turns[turns.length - 1];
  const isPlain = typeof message.content === "string" && Object.keys(message).length === 2;
  const area = add(composer, message.role, isPlain ? message.content : JSON.stringify(message, null, 2), isPlain ? "text" : "json");
  if (last && roleOf(last) === "user" && textOf(last).value.trim() === "") last.before(area.closest(".composer-turn"));
  const next = add(composer);
  if (document.activeElement === document.body || composer.contains(document.activeElement)) next.focus({ preventScroll: true });
}

function add(composer, role = "user", content = "", form = "text") {
  const turn = composer.querySelector("[data-blank-turn]").content.firstElementChild.cloneNode(true);
  turn.querySelector("select").value = role;
  turn.querySelector("[data-turn-form]").value = form;
  nameFiles(turn, composer.querySelectorAll(".composer-turn").length);
  const area = textOf(turn);
  area.value = content;
  area.classList.toggle("mono", form === "json");
  composer.querySelector("[data-turns]").append(turn);
  area.dispatchEvent(new Event("input", { bubbles: true }));
  return area;
}

// The files of a turn come under its key.
function nameFiles(turn, place) {
  const key = turn.querySelector("[data-turn-key]");
  key.value = `turn-${place}-${Date.now()}`;
  const files = turn.querySelector("[data-attach]");
  if (files) files.name = files.name.replace(/[^.]*$/, key.value);
}

function remove(turn) {
  const next = turn.nextElementSibling ?? turn.previousElementSibling;
  turn.remove();
  next?.querySelector("textarea").focus();
}

const textOf = (turn) => turn.querySelector("textarea");
const roleOf = (turn) => turn.querySelector("select").value;
