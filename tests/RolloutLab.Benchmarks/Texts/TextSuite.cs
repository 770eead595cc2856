using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using RolloutLab.Core;
using RolloutLab.Data;

namespace RolloutLab.Benchmarks;

/// <summary>The <c>text</c> suite: loading a tokenizer of 152k tokens, encoding and decoding on one core.</summary>
internal sealed class TextSuite : IBenchSuite
{
    private const string Tokenizer = "qwen2.5-tokenizer/tokenizer.json";
    private const string Problems = "gsm8k/train.jsonl";

    public string Name => "text";

    public string Summary => "tokenizer: loading 152k tokens, encoding and decoding GSM8K, code and one endless word, by processor time";

    public JsonObject Run(BenchOptions options, TextWriter progress)
    {
        var shared = Environment.GetEnvironmentVariable("ROLLOUTLAB_SHARED")
            ?? Path.Combine(Environment.GetEnvironmentVariable("ROLLOUTLAB_HOME") ?? ".", "..", "shared");
        var (path, problems) = (Path.Combine(shared, "data", Tokenizer), Path.Combine(shared, "data", Problems));
        foreach (var file in new[] { path, problems })
        {
            if (!File.Exists(file))
            {
                throw new SetupException($"{file} is not there; set ROLLOUTLAB_SHARED to the folder that holds data/");
            }
        }

        progress.WriteLine("loading ...");
        HuggingFaceTokenizer? loaded = null;
        var report = new JsonObject { ["load_seconds_cold"] = Math.Round(Seconds(() => loaded = (HuggingFaceTokenizer)TokenizerFile.Load(path)), 3) };
        var tokenizer = loaded!;
        report["load_seconds_warm"] = Math.Round(Enumerable.Range(0, options.Quick ? 2 : 5).Min(_ => Seconds(() => TokenizerFile.Load(path))), 3);
        var rates = new JsonObject();
        foreach (var (name, texts) in new[] { ("gsm8k", ReadProblems(problems)), ("code", Code(options.Quick)), ("one word", new List<string> { new('a', 1_000_000) }) })
        {
            progress.WriteLine($"{name} ...");
            rates[name] = Measure(tokenizer, texts, options.Quick ? 1 : 5);
        }

        report["texts"] = rates;
        return report;
    }

    public string Table(JsonObject report)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"loading 152k tokens: {(double)report["load_seconds_cold"]!:0.00} s in a new process, {(double)report["load_seconds_warm"]!:0.00} s again");
        foreach (var (name, rates) in report["texts"]!.AsObject())
        {
            text.AppendLine(CultureInfo.InvariantCulture,
                $"{name,-10} {(double)rates!["first_mb_s"]!,7:0.0} MB/s at first, {(double)rates["encode_mb_s"]!,7:0.0} MB/s again, decoding {(double)rates["decode_mb_s"]!,7:0.0} MB/s, {(double)rates["bytes_per_token"]!:0.00} bytes a token");
        }

        return text.ToString().TrimEnd();
    }

    private static JsonObject Measure(HuggingFaceTokenizer tokenizer, List<string> texts, int repeats)
    {
        var bytes = texts.Sum(text => (double)Encoding.UTF8.GetByteCount(text));
        var ids = new List<int[]>();
        var first = Seconds(() => ids.AddRange(texts.Select(tokenizer.Encode)));
        var encode = Enumerable.Range(0, repeats).Min(_ => Seconds(() => texts.ForEach(text => tokenizer.Encode(text))));
        var decode = Enumerable.Range(0, repeats).Min(_ => Seconds(() => ids.ForEach(tokens => tokenizer.Decode(tokens))));
        return new JsonObject
        {
            ["bytes"] = bytes,
            ["first_mb_s"] = Math.Round(bytes / first / 1e6, 2),
            ["encode_mb_s"] = Math.Round(bytes / encode / 1e6, 2),
            ["decode_mb_s"] = Math.Round(bytes / decode / 1e6, 2),
            ["bytes_per_token"] = Math.Round(bytes / ids.Sum(tokens => tokens.Length), 3),
        };
    }

    private static List<string> ReadProblems(string path)
    {
        var texts = new List<string>();
        foreach (var line in File.ReadLines(path))
        {
            using var problem = JsonDocument.Parse(line);
            texts.Add(problem.RootElement.GetProperty("question").GetString()! + "\n" + problem.RootElement.GetProperty("answer").GetString()!);
        }

        return texts;
    }

    // Indented lines of names, numbers and operators; names repeat as they do in code.
    private static List<string> Code(bool quick)
    {
        var random = new RandomStreams(1).Stream(StreamPurpose.DatasetGeneration);
        var drawn = 0L;
        return [.. Enumerable.Range(0, quick ? 20 : 200).Select(file =>
        {
            var text = new StringBuilder();
            for (var line = 0; line < 400; line++)
            {
                var (indent, a, b) = (Draw(5) * 4, Draw(400), Draw(400));
                text.Append(' ', indent).Append(CultureInfo.InvariantCulture, $"{Word(a)}_{Word(b)}[{Draw(1000)}] = self.{Word(b)}({Word(a)}, {Draw(100)}.{Draw(100)}) != \"{Word(Draw(400))}\"  # {Word(b)}\n");
            }

            return text.ToString();
        })];

        int Draw(int below) => random.Below(drawn++, below);
    }

    private static string Word(int index)
    {
        string[] syllables = ["get", "val", "in", "dex", "buf", "count", "er", "loss", "re", "ward", "tok", "en", "step", "map", "list", "Node", "read", "to", "is", "run"];
        return syllables[index % 20] + syllables[index / 20];
    }

    // Of the processor, so that other work on the same cores does not count; the compiler's own threads do.
    private static double Seconds(Action work)
    {
        var before = Environment.CpuUsage.TotalTime;
        work();
        return Math.Max((Environment.CpuUsage.TotalTime - before).TotalSeconds, 1e-6);
    }
}
