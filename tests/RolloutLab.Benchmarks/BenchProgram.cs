using System.Text.Json;
using RolloutLab.Core;

namespace RolloutLab.Benchmarks;

/// <summary><c>rolloutlab bench [suite] [--json]</c>: measures this machine.</summary>
internal static class BenchProgram
{
    /// <summary>Every suite; the first is the one that runs when none is named.</summary>
    private static readonly IBenchSuite[] Suites = [new CoreSuite(), new RolloutSuite(), new UpdateSuite(), new AllocationSuite(), new ReliabilitySuite(), new StoreSuite(), new MemorySuite(), new TextSuite()];

    public static int Run(string[] args, TextWriter output, TextWriter error)
    {
        if (args.Length == 5 && args[0] == DamageWorker.Name)
        {
            return DamageWorker.Run(args[1..], output);
        }

        if (args.Length == 3 && args[0] == LogProbMemory.Worker)
        {
            return LogProbMemory.Run(args[1], args[2], output);
        }

        if (args.Contains("--help") || args.Contains("-h"))
        {
            output.WriteLine(Usage());
            return 0;
        }

        if (!TryParse(args, out var suite, out var options, out var json, out var problem))
        {
            error.WriteLine($"rolloutlab bench: {problem}; see rolloutlab bench --help");
            return 2;
        }

        try
        {
            var report = suite.Run(options, error);
            output.WriteLine(json ? report.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) : suite.Table(report));
            return 0;
        }
        catch (OperationCanceledException)
        {
            error.WriteLine("rolloutlab bench: stopped; nothing is left behind");
            return 130;
        }
        catch (RolloutLabException exception)
        {
            error.WriteLine($"rolloutlab bench: {exception.Message}");
            return exception is SetupException ? 69 : 1;
        }
    }

    private static string Usage() => $"""
        Usage: rolloutlab bench [suite] [--json] [--quick] [--threads N]

        Measures this machine; what is compared is measured in the same run.

        {string.Join('\n', Suites.Select((s, i) => $"  {s.Name,-12} {s.Summary}{(i == 0 ? " (default)" : "")}"))}

          --json       one JSON document on standard output
          --quick      a few seconds: smaller sizes and fewer repeats, to see that it runs
          --threads N  compute threads (default: all cores)
          --trials N   of reliability: fewer trials of each part
          --only PART  one part: {string.Join("; ", Suites.Where(s => s.Parts.Count > 0).Select(s => $"of {s.Name} {string.Join(", ", s.Parts)}"))}
        """;

    private static bool TryParse(string[] args, out IBenchSuite suite, out BenchOptions options, out bool json, out string problem)
    {
        (suite, options, json, problem) = (Suites[0], new BenchOptions(false, Environment.ProcessorCount), false, "");
        for (var i = 0; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--json":
                    json = true;
                    break;
                case "--quick":
                    options = options with { Quick = true };
                    break;
                case "--threads" when i + 1 < args.Length && int.TryParse(args[i + 1], out var threads) && threads > 0:
                    options = options with { Threads = threads };
                    i++;
                    break;
                case "--trials" when i + 1 < args.Length && int.TryParse(args[i + 1], out var trials) && trials > 0:
                    options = options with { Trials = trials };
                    i++;
                    break;
                case "--only" when i + 1 < args.Length && suite.Parts.Contains(args[i + 1]):
                    options = options with { Only = args[i + 1] };
                    i++;
                    break;
                case var name when i == 0 && Suites.FirstOrDefault(s => s.Name == name) is { } named:
                    suite = named;
                    break;
                default:
                    problem = args[i] == "--only" && suite.Parts.Count > 0
                        ? $"--only takes one of {string.Join(", ", suite.Parts)}"
                        : $"'{args[i]}' is not understood; the suites are {string.Join(", ", Suites.Select(s => s.Name))}";
                    return false;
            }
        }

        return true;
    }
}
