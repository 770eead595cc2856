using System.Text.Json.Nodes;
using RolloutLab.EndToEndTests.Training;
using RolloutLab.Runs;

namespace RolloutLab.EndToEndTests.Browser;

/// <summary>The pages that report and compare write, in a real browser: drawn, browsable, and silent on the network.</summary>
public sealed class PageTests : IDisposable
{
    /// <summary>Least contrast of text and background among all places that hold text (WCAG asks for 4.5).</summary>
    private const string LeastContrast = """
        (() => {
          const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
          const rgb = color => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); return canvas.getImageData(0, 0, 1, 1).data; };
          const light = c => { const [r, g, b] = [...c].slice(0, 3).map(v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
          const back = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (c !== 'rgba(0, 0, 0, 0)' && c !== 'transparent') return c; } return 'white'; };
          return Math.min(...[...document.querySelectorAll('p, h1, h2, h3, th, td, pre, button, summary, figcaption, caption, .chip, svg text')].map(e => {
            const a = light(rgb(e.namespaceURI.endsWith('svg') ? getComputedStyle(e).fill : getComputedStyle(e).color)), b = light(rgb(back(e)));
            return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
          }));
        })()
        """;

    private readonly TrainingProgram _program = new();

    public void Dispose() => _program.Dispose();

    [ChromiumFact]
    public async Task A_trained_runs_report_is_drawn_and_browsable_in_light_and_dark()
    {
        Assert.Equal(0, _program.Run("train", "tiny.yaml", "--run-dir", "run", "--set", "rollout.strategy={ type: latr, min_probability: 0.02, max_gap: 0.6, lookahead: [3, 6] }").Code);
        Assert.Equal(0, _program.Run("report", "run").Code);
        using var browser = await Chromium.Start();
        foreach (var scheme in (string[])["light", "dark"])
        {
            browser.Requests.Clear();
            await browser.Open(_program.At("run", "report.html"), scheme);
            await AssertDrawn(browser, scheme, "run/report.html");
            Assert.Equal("true", (string?)await browser.Evaluate("document.documentElement.dataset.ready"));
            Assert.True((int)(await browser.Evaluate("document.querySelectorAll('#prompts-table tbody tr').length"))! >= 4);

            // By keyboard alone: to the first prompt, in, and the heading of its rollouts has the focus.
            await browser.Evaluate("document.querySelector('#prompts-table input').focus()");
            for (var tabs = 0; tabs < 20 && !(bool)(await browser.Evaluate("document.activeElement.hasAttribute('data-prompt')"))!; tabs++)
            {
                await browser.Press("Tab", 9);
            }

            var prompt = (string)(await browser.Evaluate("document.activeElement.dataset.prompt"))!;
            await browser.Press("Enter", 13, "\r");
            Assert.Equal($"Prompt {prompt}", (string?)await browser.Evaluate("document.activeElement.textContent"));
            Assert.Equal(4, (int)(await browser.Evaluate("document.querySelectorAll('#detail article').length"))!);
            Assert.Contains($"prompt={prompt}", (string?)await browser.Evaluate("location.hash"), StringComparison.Ordinal);
            Assert.True((double)(await browser.Evaluate(LeastContrast))! >= 4.5);
            await Keep(browser, $"report-{scheme}");
        }
    }

    [ChromiumFact]
    public async Task Text_of_rollouts_cannot_act_and_the_table_searches_sorts_and_pages()
    {
        const string Hostile = "</script><script>window.hacked = 1</script><img src=x onerror=\"window.hacked = 2\">\u2028&lt;é漢🙂\0";
        Assert.Equal(0, _program.Run("train", "tiny.yaml", "--run-dir", "run", "--set", "training.steps=1").Code);
        var prompts = Enumerable.Range(0, 60).Select(i => new ReportedPrompt(
            $"p{i:00}", Hostile, new PromptTotals([1], 10, i % 11, 20 * i), [new ReportedGroup(1, [new ReportedRollout(0, "wrong", 0, -1, 3, "stop", Hostile, Hostile)], TreeOf(Hostile))]));
        var report = new RunReportReader(_program.At("run"), new Progress<WorkDone>()).Read() with { Name = Hostile, Recipe = Hostile, Limits = [Hostile], Prompts = [.. prompts] };
        File.WriteAllText(_program.At("hostile.html"), RunReportPage.Of(report));
        using var browser = await Chromium.Start();

        await browser.Open(_program.At("hostile.html"), "light", "#prompt=p41&step=1");

        await AssertDrawn(browser, "light", "hostile.html");
        Assert.Null(await browser.Evaluate("window.hacked"));
        Assert.Equal(Hostile, (string?)await browser.Evaluate("document.querySelector('#detail article pre').textContent"));
        Assert.Equal("Prompt p41", (string?)await browser.Evaluate("document.querySelector('#detail h3').textContent"));
        Assert.Equal(2, (int)(await browser.Evaluate("document.querySelectorAll('#detail .tree li').length"))!);
        Assert.Equal("1–25 of 60", await Count());
        await browser.Evaluate("document.querySelector('#next').click(); document.querySelector('#next').click()");
        Assert.Equal("51–60 of 60", await Count());
        await browser.Evaluate("document.querySelectorAll('#prompts-table thead button')[5].click(); document.querySelectorAll('#prompts-table thead button')[5].click()");
        Assert.Equal("p59", (string?)await browser.Evaluate("document.querySelector('[data-prompt]').dataset.prompt"));
        await browser.Evaluate("{ const s = document.querySelector('#search'); s.value = 'P07'; s.dispatchEvent(new Event('input')); }");
        Assert.Equal("1–1 of 1", await Count());

        async Task<string?> Count() => (string?)await browser.Evaluate("document.querySelector('#count').textContent");
    }

    [ChromiumFact]
    public async Task A_comparison_is_drawn_in_light_and_dark()
    {
        foreach (var seed in (string[])["1", "2"])
        {
            Assert.Equal(0, _program.Run("train", "tiny.yaml", "--run-dir", $"a{seed}", "--seed", seed).Code);
            Assert.Equal(0, _program.Run("train", "tiny.yaml", "--run-dir", $"b{seed}", "--seed", seed, "--set", "loss.clip_low=0.1").Code);
        }

        var compared = _program.Run("compare", "a1", "a2", "b1", "b2", "--out", "compare.html", "--json");
        Assert.Equal(0, compared.Code);
        Assert.Equal([2, 2], JsonNode.Parse(compared.Out)!["groups"]!.AsArray().Select(g => (int)g!["runs"]!));
        using var browser = await Chromium.Start();
        foreach (var scheme in (string[])["light", "dark"])
        {
            browser.Requests.Clear();
            await browser.Open(_program.At("compare.html"), scheme);
            await AssertDrawn(browser, scheme, "compare.html");
            Assert.Equal(2, (int)(await browser.Evaluate("document.querySelector('table').tBodies[0].rows.length"))!);
            Assert.True((double)(await browser.Evaluate(LeastContrast))! >= 4.5);
            await Keep(browser, $"compare-{scheme}");
        }
    }

    private static KeptTree TreeOf(string text) => new()
    {
        Step = 1, PromptId = "p", Prompt = text, Suppressed = 0, SaturatedAt = -1,
        Branches =
        [
            new() { Parent = -1, ForkPosition = 0, ForkProbability = null, Kind = "root", Length = 3, RemovedFor = null, Rollout = 0, Reward = 0, Status = "wrong", Answer = null, Text = text },
            new() { Parent = 0, ForkPosition = 1, ForkProbability = 0.4f, Kind = "forced", Length = 2, RemovedFor = "similar", Rollout = -1, Reward = null, Status = null, Answer = null, Text = text },
        ],
    };

    private static async Task AssertDrawn(Chromium browser, string scheme, string file)
    {
        Assert.Empty(browser.Errors);
        Assert.EndsWith(file, Assert.Single(browser.Requests, r => r != "about:blank").Split('#')[0], StringComparison.Ordinal);
        var pictures = (JsonArray)(await browser.Evaluate("[...document.querySelectorAll('svg')].map(s => [s.getBoundingClientRect().width, s.getBoundingClientRect().height, s.querySelectorAll('polyline, rect').length, s.getAttribute('aria-label').length])"))!;
        Assert.True(pictures.Count >= 5);
        Assert.All(pictures, p => Assert.All(p!.AsArray(), v => Assert.True((double)v! > 0, p.ToJsonString())));
        Assert.Equal(scheme == "light" ? "rgb(255, 255, 255)" : "rgb(13, 17, 23)", (string?)await browser.Evaluate("getComputedStyle(document.body).backgroundColor"));
        Assert.True((bool)(await browser.Evaluate("document.documentElement.scrollWidth <= innerWidth"))!);
    }

    /// <summary>Where ROLLOUTLAB_SCREENSHOTS names a folder, the page is kept there to be looked at.</summary>
    private static async Task Keep(Chromium browser, string name)
    {
        if (Environment.GetEnvironmentVariable("ROLLOUTLAB_SCREENSHOTS") is { Length: > 0 } folder)
        {
            Directory.CreateDirectory(folder);
            await File.WriteAllBytesAsync(Path.Combine(folder, name + ".png"), await browser.Screenshot());
        }
    }
}
