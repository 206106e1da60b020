// What a page owes its readers, asked of the page as it is drawn: returns one sentence for each debt.
() => {
  const debts = new Set();
  const brush = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

  function channels(color) {
    brush.clearRect(0, 0, 1, 1);
    brush.fillStyle = color;
    brush.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = brush.getImageData(0, 0, 1, 1).data;
    return { color: [red, green, blue], alpha: alpha / 255 };
  }

  function laid(over, alpha, under) {
    return over.map((value, index) => value * alpha + under[index] * (1 - alpha));
  }

  function ground(element) {
    const layers = [];
    for (let node = element; node; node = node.parentElement) {
      const layer = channels(getComputedStyle(node).backgroundColor);
      if (layer.alpha > 0) layers.push(layer);
      if (layer.alpha === 1) break;
    }
    return layers.reverse().reduce((under, { color, alpha }) => laid(color, alpha, under), [255, 255, 255]);
  }

  function luminance(color) {
    const [red, green, blue] = color.map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }

  function contrast(element) {
    const style = getComputedStyle(element);
    const under = ground(element);
    let { color, alpha } = channels(element.closest("svg") ? style.fill : style.color);
    for (let node = element; node; node = node.parentElement) alpha *= Number(getComputedStyle(node).opacity);
    const [lighter, darker] = [luminance(laid(color, alpha, under)), luminance(under)].sort((one, other) => other - one);
    return (lighter + 0.05) / (darker + 0.05);
  }

  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const words = texts.currentNode.textContent.trim();
    const element = texts.currentNode.parentElement;
    if (!words || element.closest("template, script, .visually-hidden, :disabled, picture, .overlay")) continue;
    if (!element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) continue;
    const ratio = contrast(element);
    if (ratio < 4.5) debts.add(`"${words.slice(0, 40)}" has a contrast of ${ratio.toFixed(2)}`);
  }

  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) debts.add(`id ${id} is there twice`);

  const headings = [...document.querySelectorAll("main :is(h1, h2, h3, h4, h5, h6)")];
  if (headings.filter((heading) => heading.tagName === "H1").length !== 1) debts.add("there is not one h1");
  headings.reduce((before, heading) => {
    const level = Number(heading.tagName[1]);
    if (level > before + 1) debts.add(`heading "${heading.textContent.trim()}" skips a level`);
    return level;
  }, 1);

  for (const input of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    if (!input.labels?.length && !input.ariaLabel && !input.getAttribute("aria-labelledby")) debts.add(`no label: ${input.outerHTML}`);
  }
  for (const control of document.querySelectorAll("a[href], button")) {
    if (!control.textContent.trim() && !control.ariaLabel && !control.querySelector("[aria-label]")) debts.add(`no name: ${control.outerHTML}`);
  }
  for (const image of document.querySelectorAll("img:not([alt])")) debts.add(`no alt: ${image.outerHTML.slice(0, 120)}`);

  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide > 0) debts.add(`the page is ${wide} px wider than the window`);
  return [...debts];
}
