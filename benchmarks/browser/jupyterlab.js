/** JupyterLab's renderer for Markdown outputs: the whole text again for each update, one update after the other. */
import { Sanitizer } from "@jupyterlab/apputils";
import { EditorLanguageRegistry } from "@jupyterlab/codemirror";
import { createMarkdownParser } from "@jupyterlab/markedparser-extension";
import { MimeModel, markdownRendererFactory } from "@jupyterlab/rendermime";

export function start(pane) {
  const languages = new EditorLanguageRegistry();
  for (const language of EditorLanguageRegistry.getDefaultLanguages()) languages.addLanguage(language);
  const renderer = markdownRendererFactory.createRenderer({
    mimeType: "text/markdown",
    sanitizer: new Sanitizer(),
    resolver: null,
    linkHandler: null,
    latexTypesetter: null,
    markdownParser: createMarkdownParser(languages),
  });
  pane.append(renderer.node);
  let text = "";
  let shown = "";
  let busy = false;
  // As a front end must: what came while an update was being rendered is rendered after it, at once.
  const update = async () => {
    if (busy) return;
    busy = true;
    while (shown !== text) {
      shown = text;
      await renderer.renderModel(new MimeModel({ trusted: true, data: { "text/markdown": shown } }));
      await new Promise((resolve) => setTimeout(resolve));
    }
    busy = false;
  };
  return {
    isAsync: true,
    feed(piece) {
      text += piece;
      void update();
    },
    finish: () => undefined,
    close: () => renderer.dispose(),
  };
}
