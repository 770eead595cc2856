namespace RolloutLab.Runs;

/// <summary>The style of pages; colours are those of <see cref="SvgCanvas.Style"/>.</summary>
internal static class PageStyle
{
    public const string Text =
        """
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
        main { max-width: 1240px; margin: 0 auto; padding: 24px; }
        h1 { font-size: 24px; margin: 0 0 8px; overflow-wrap: anywhere; } h2 { font-size: 18px; margin: 36px 0 10px; }
        p { margin: 6px 0; max-width: 80ch; } .faint { color: var(--faint); }
        .charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(340px, 1fr)); gap: 12px; }
        figure { margin: 0; min-width: 0; } figure.wide { max-width: 820px; } figure svg { width: 100%; height: auto; display: block; }
        figcaption, summary { font-size: 13px; color: var(--faint); } summary { cursor: pointer; }
        .scroll { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; } caption { text-align: left; color: var(--faint); font-size: 13px; padding: 4px 0; }
        th, td { padding: 4px 12px 4px 0; border-bottom: 1px solid var(--rule); text-align: right; vertical-align: top; font-weight: 400; }
        th:first-child, td.text, th.text { text-align: left; } thead th { color: var(--faint); font-size: 13px; white-space: nowrap; } td { white-space: nowrap; }
        td.text { white-space: normal; overflow-wrap: anywhere; min-width: 16ch; }
        pre { background: color-mix(in srgb, var(--ink) 6%, var(--paper)); padding: 10px 12px; margin: 6px 0; border-radius: 6px; overflow: auto; max-height: 30em; font: 13px/1.45 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
        .legend { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 18px; padding: 0; margin: 8px 0; } .swatch { display: inline-block; width: 14px; height: 10px; margin-right: 6px; border-radius: 2px; }
        button, input, select { font: inherit; color: var(--ink); background: var(--paper); border: 1px solid var(--faint); border-radius: 6px; padding: 3px 9px; }
        button { cursor: pointer; } button:disabled { opacity: 0.45; cursor: default; } button.plain { border: 0; padding: 0; background: none; text-align: left; } th button.plain { color: inherit; }
        td button.plain, th[scope=row] button.plain { color: var(--s0); text-decoration: underline; } button[aria-pressed=true] { border-color: var(--s0); box-shadow: inset 0 0 0 1px var(--s0); }
        :focus-visible { outline: 2px solid var(--s0); outline-offset: 2px; }
        .bar { display: flex; flex-wrap: wrap; gap: 8px 12px; align-items: center; margin: 8px 0; }
        .detail { border: 1px solid var(--rule); border-radius: 8px; padding: 4px 16px 14px; margin-top: 14px; } .detail h3 { font-size: 16px; margin: 12px 0 6px; } .detail h4 { font-size: 14px; margin: 14px 0 4px; }
        .chip { border: 1px solid currentColor; border-radius: 9px; padding: 0 8px; font-size: 12px; } .correct { color: color-mix(in srgb, var(--s2) 70%, var(--ink)); } .wrong, .malformed { color: color-mix(in srgb, var(--s1) 70%, var(--ink)); } .fault { color: color-mix(in srgb, var(--s3) 70%, var(--ink)); }
        .tree, .tree ul { list-style: none; margin: 0; padding-left: 18px; border-left: 1px solid var(--rule); } .tree li { margin: 3px 0; } .tree code { font: 12.5px/1.4 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
        """;
}
