// Requests of htmx that fail say so: what happened, what to do, and the id to quote. Parts marked data-quiet only wait for their next try.
const alerts = document.getElementById("alerts");
const MOST = 3;

document.body.addEventListener("htmx:responseError", (event) => {
  const { xhr, elt } = event.detail;
  if (isQuiet(elt)) return;
  const said = new DOMParser().parseFromString(xhr.responseText, "text/html").querySelector("[data-problem]");
  show(said ? document.importNode(said, true) : notice(...sentences(xhr.status), xhr.getResponseHeader("X-Request-ID")));
});

document.body.addEventListener("htmx:sendError", (event) => {
  if (!isQuiet(event.detail.elt)) show(notice("The server cannot be reached", "Check the connection, then try again."));
});

document.body.addEventListener("htmx:timeout", (event) => {
  if (!isQuiet(event.detail.elt)) show(notice("The server took too long to answer", "Try again in a moment."));
});

function isQuiet(element) {
  return element.closest("[data-quiet]") !== null;
}

function sentences(status) {
  if (status === 413) return ["This is too large to send", "Choose a smaller file."];
  if (status === 502 || status === 503) return ["The server is not ready", "It may be starting. Try again in a moment."];
  return [`The server answered with error ${status}`, "Try again; if it stays so, pass on the request id."];
}

function notice(title, text, requestId) {
  const element = document.createElement("div");
  element.className = "notice notice-bad";
  element.setAttribute("role", "alert");
  const words = document.createElement("div");
  words.className = "notice-words";
  words.append(paragraph(title, "notice-title"), paragraph(text, ""));
  if (requestId) words.append(paragraph(`Request ${requestId}`, "notice-id"));
  element.append(words);
  return element;
}

function paragraph(text, className) {
  const element = document.createElement("p");
  element.className = className;
  element.textContent = text;
  return element;
}

function show(element) {
  element.append(closer(element));
  alerts.append(element);
  while (alerts.children.length > MOST) alerts.firstElementChild.remove();
}

function closer(element) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "icon-button";
  button.setAttribute("aria-label", "Dismiss");
  button.textContent = "\u00d7";
  button.addEventListener("click", () => element.remove());
  return button;
}
